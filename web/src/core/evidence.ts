/** “证件号码：证件号码完全一致 +31.0；姓名：姓名不同 -10.0；合计 14.9 比特” as bars of a waterfall. */
export interface Weight {
  field: string
  what: string
  bits: number
  from: number // running sum before
}
export interface Evidence {
  weights: Weight[]
  total: number
  notes: string[] // what carries no weight
}

const WEIGHT = /^([^：]+)：(.*) ([+-]\d+(?:\.\d+)?)$/
const TOTAL = /^合计 (-?\d+(?:\.\d+)?) 比特$/

export function readEvidence(text: string): Evidence {
  const out: Evidence = { weights: [], total: 0, notes: [] }
  for (const part of text.split('；')) {
    const weight = WEIGHT.exec(part)
    const total = TOTAL.exec(part)
    if (weight) {
      const bits = Number(weight[3])
      out.weights.push({ field: weight[1] ?? '', what: weight[2] ?? '', bits, from: out.total })
      out.total += bits
    } else if (total) out.total = Number(total[1])
    else if (part) out.notes.push(part)
  }
  return out
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
