import { describe, expect, it } from 'vitest'
import { layOut, readEvidence } from './evidence'

const TEXT = '证件号码：证件号码完全一致 +31.0；姓名：姓名不同 -10.0；住址：同一个乡镇，村不同 -3.0；合计 18.0 比特'

describe('readEvidence', () => {
  it('reads weights with their running sum', () => {
    const evidence = readEvidence(TEXT)
    expect(evidence.weights.map((w) => [w.field, w.bits, w.from])).toEqual([['证件号码', 31, 0], ['姓名', -10, 31], ['住址', -3, 21]])
    expect(evidence.total).toBe(18)
  })
  it('keeps sentences without a weight as notes', () =>
    expect(readEvidence('支持该号码的名单：1 个；支持对方号码的名单：4 个')).toEqual({
      weights: [], total: 0, notes: ['支持该号码的名单：1 个', '支持对方号码的名单：4 个'],
    }))
  it('reads nothing from nothing', () => expect(readEvidence('').weights).toEqual([]))
})

describe('layOut', () => {
  it('keeps bars inside the picture when the sum goes below zero', () => {
    const bars = layOut(readEvidence('姓名：姓名不同 -10.0；性别：性别一致 +4.0').weights)
    for (const bar of bars) {
      expect(bar.left).toBeGreaterThanOrEqual(0)
      expect(bar.left + bar.width).toBeLessThanOrEqual(100.001)
    }
    expect(bars[0]?.zero).toBe(100)
  })
})
