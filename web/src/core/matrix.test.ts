import { describe, expect, it } from 'vitest'
import { classByTown, type PairNumbers, sumPairs } from './matrix'

const pair = (town: string, agreed: number, differing: number): PairNumbers => ({
  left: 'register', right: 'civil', unit: 'person', town, agreed, differing, expected_missing: 1, left_only: 0, right_only: 0,
})

describe('sumPairs', () => {
  const pairs = [pair('450328100', 10, 2), pair('450328101', 5, 0)]
  it('sums towns to the county', () => expect(sumPairs(pairs, '')).toEqual([{ ...sumPairs(pairs, '')[0], agreed: 15, differing: 2, expected_missing: 2 }]))
  it('shows one town', () => expect(sumPairs(pairs, '450328101')[0]?.agreed).toBe(5))
  it('shows nothing for a town without rows', () => expect(sumPairs(pairs, '450328999')).toEqual([]))
})

describe('classByTown', () => {
  it('has sums that are the sums of the cells', () => {
    const grid = classByTown([
      { town: 'a', code: 'id_typo', open: 3 }, { town: 'b', code: 'id_typo', open: 4 }, { town: 'a', code: 'split', open: 1 }, { town: 'a', code: 'merged', open: 0 },
    ])
    expect([grid.total, grid.byTown.a, grid.byClass.id_typo, grid.cells['b|id_typo'], grid.byClass.merged]).toEqual([8, 4, 7, 4, undefined])
  })
})
