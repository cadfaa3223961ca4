/** Weights of a comparison as bars of a waterfall. The server sends “姓名：姓名完全一致” with tenths of bits. */
export interface Weight {
  field: string
  what: string
  bits: number
  from: number // running sum before
}

export function sumWeights(weights: { what: string; tenths: number }[]): { weights: Weight[]; total: number } {
  let tenths = 0
  const out = weights.map((w) => {
    const colon = w.what.indexOf('：')
    const from = tenths
    tenths += w.tenths
    return { field: colon < 0 ? w.what : w.what.slice(0, colon), what: colon < 0 ? '' : w.what.slice(colon + 1), bits: w.tenths / 10, from: from / 10 }
  })
  return { weights: out, total: tenths / 10 }
}

/** Left and width of a bar in percent of the whole, zero included. */
export function layOut(weights: Weight[]): { left: number; width: number; zero: number }[] {
  const ends = weights.flatMap((w) => [w.from, w.from + w.bits])
  const low = Math.min(0, ...ends)
  const span = Math.max(0, ...ends) - low || 1
  const share = (bits: number): number => ((bits - low) / span) * 100
  return weights.map((w) => ({
    left: share(Math.min(w.from, w.from + w.bits)),
    width: (Math.abs(w.bits) / span) * 100,
    zero: share(0),
  }))
}
