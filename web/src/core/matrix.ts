/** The matrix's numbers as the server counts them (per pair and town), summed for what is shown. */
export interface PairNumbers {
  left: string
  right: string
  unit: string // person or household
  town: string
  agreed: number
  differing: number
  expected_missing: number
  left_only: number
  right_only: number
}
export type PairSum = Omit<PairNumbers, 'town'>

export function sumPairs(pairs: PairNumbers[], town: string): PairSum[] {
  const sums = new Map<string, PairSum>()
  for (const p of pairs) {
    if (town && p.town !== town) continue
    const key = `${p.left}|${p.right}`
    const sum = sums.get(key) ?? { left: p.left, right: p.right, unit: p.unit, agreed: 0, differing: 0, expected_missing: 0, left_only: 0, right_only: 0 }
    sum.agreed += p.agreed
    sum.differing += p.differing
    sum.expected_missing += p.expected_missing
    sum.left_only += p.left_only
    sum.right_only += p.right_only
    sums.set(key, sum)
  }
  return [...sums.values()]
}

export interface TownClass {
  town: string
  code: string
  open: number
}
export interface Grid {
  cells: Record<string, number> // "town|class"
  byTown: Record<string, number>
  byClass: Record<string, number>
  total: number
}
export function classByTown(counts: TownClass[]): Grid {
  const grid: Grid = { cells: {}, byTown: {}, byClass: {}, total: 0 }
  for (const { town, code, open } of counts) {
    if (!open) continue
    const key = `${town}|${code}`
    grid.cells[key] = (grid.cells[key] ?? 0) + open
    grid.byTown[town] = (grid.byTown[town] ?? 0) + open
    grid.byClass[code] = (grid.byClass[code] ?? 0) + open
    grid.total += open
  }
  return grid
}
