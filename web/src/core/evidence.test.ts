import { describe, expect, it } from 'vitest'
import { layOut, sumWeights } from './evidence'

describe('sumWeights', () => {
  it('gives each weight the sum before it', () => {
    const { weights, total } = sumWeights([
      { what: '证件号码：证件号码完全一致', tenths: 310 }, { what: '姓名：姓名不同', tenths: -100 }, { what: '住址：同一个乡镇，村不同', tenths: -30 },
    ])
    expect(weights.map((w) => [w.field, w.what, w.bits, w.from])).toEqual([
      ['证件号码', '证件号码完全一致', 31, 0], ['姓名', '姓名不同', -10, 31], ['住址', '同一个乡镇，村不同', -3, 21],
    ])
    expect(total).toBe(18)
  })
  it('does not pile up errors of tenths', () => expect(sumWeights(Array(30).fill({ what: 'a', tenths: 1 })).total).toBe(3))
  it('sums nothing to nothing', () => expect(sumWeights([])).toEqual({ weights: [], total: 0 }))
})

describe('layOut', () => {
  it('keeps bars inside the picture when the sum goes below zero', () => {
    const bars = layOut(sumWeights([{ what: '姓名：姓名不同', tenths: -100 }, { what: '性别：性别一致', tenths: 40 }]).weights)
    for (const bar of bars) {
      expect(bar.left).toBeGreaterThanOrEqual(0)
      expect(bar.left + bar.width).toBeLessThanOrEqual(100.001)
    }
    expect(bars[0]?.zero).toBe(100)
  })
})
