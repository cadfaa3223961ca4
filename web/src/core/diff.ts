/** Which characters of two texts differ. Longest common subsequence over code points: names and numbers are short. */
export interface Piece {
  text: string
  same: boolean
}

const LONGEST = 400 // beyond this the whole text is marked; nothing a list holds is that long

function push(pieces: Piece[], text: string, same: boolean): void {
  const last = pieces.at(-1)
  if (last && last.same === same) last.text += text
  else pieces.push({ text, same })
}

export function markDifferences(left: string, right: string): [Piece[], Piece[]] {
  // nothing to compare with: nothing to mark
  if (left === right || !left || !right) return [left ? [{ text: left, same: true }] : [], right ? [{ text: right, same: true }] : []]
  const a = [...left]
  const b = [...right]
  if (a.length > LONGEST || b.length > LONGEST)
    return [[{ text: left, same: false }], [{ text: right, same: false }]]
  const width = b.length + 1
  const table = new Uint16Array((a.length + 1) * width)
  const at = (i: number, j: number): number => table[i * width + j] ?? 0
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      table[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  const out: [Piece[], Piece[]] = [[], []]
  const wrong = a.length === b.length ? a.filter((letter, k) => letter !== b[k]).length : Number.POSITIVE_INFINITY
  if (wrong <= 2 * (a.length - at(0, 0))) {
    // as long as both are and no letter lost: read place by place, as people compare numbers
    a.forEach((letter, k) => {
      push(out[0], letter, letter === b[k])
      push(out[1], b[k] as string, letter === b[k])
    })
    return out
  }
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      push(out[0], a[i++] as string, true)
      push(out[1], b[j++] as string, true)
    } else if (at(i + 1, j) >= at(i, j + 1)) push(out[0], a[i++] as string, false)
    else push(out[1], b[j++] as string, false)
  }
  while (i < a.length) push(out[0], a[i++] as string, false)
  while (j < b.length) push(out[1], b[j++] as string, false)
  return out
}

/** The range that the server marked: numbers come masked, so that what differs may be behind the stars. */
export interface Mark {
  from: number
  to: number
  other_from: number
  other_to: number
}
function cut(text: string, from: number, to: number): Piece[] {
  const letters = [...text]
  const parts: Piece[] = [
    { text: letters.slice(0, from).join(''), same: true }, { text: letters.slice(from, to).join(''), same: false }, { text: letters.slice(to).join(''), same: true },
  ]
  return parts.filter((piece) => piece.text)
}
export function markPieces(left: string, right: string, mark?: Mark): [Piece[], Piece[]] {
  if (mark && left && right && (left.includes('*') || right.includes('*'))) return [cut(left, mark.from, mark.to), cut(right, mark.other_from, mark.other_to)]
  return markDifferences(left, right)
}
