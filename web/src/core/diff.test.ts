import { describe, expect, it } from 'vitest'
import { markDifferences, markPieces } from './diff'

const marked = (left: string, right: string): [string, string] =>
  markDifferences(left, right).map((pieces) => pieces.map((p) => (p.same ? p.text : `[${p.text}]`)).join('')) as [string, string]

describe('markDifferences', () => {
  it('marks one wrong character on both sides', () => expect(marked('陈义仕', '陈义仁')).toEqual(['陈义[仕]', '陈义[仁]']))
  it('marks a missing character on the longer side only', () => expect(marked('蒙诗', '蒙诗彤')).toEqual(['蒙诗', '蒙诗[彤]']))
  it('marks swapped digits', () => expect(marked('450399195707100836', '450399195707100863')).toEqual(['4503991957071008[36]', '4503991957071008[63]']))
  it('finds digits lost at the end', () => expect(marked('4503991967010', '450399196701020557')).toEqual(['4503991967010', '4503991967010[20557]']))
  it('leaves equal texts alone', () => expect(marked('龙脊镇', '龙脊镇')).toEqual(['龙脊镇', '龙脊镇']))
  it('counts a character outside the basic plane as one', () => expect(marked('𠮷兴', '吉兴')).toEqual(['[𠮷]兴', '[吉]兴']))
  it('marks nothing against nothing: there is no other writing', () => expect(marked('', '韦智超')).toEqual(['', '韦智超']))
  it('keeps every character, whatever it is', () => {
    const [left, right] = markDifferences('<script>甲', '乙</script>')
    expect(left.map((p) => p.text).join('')).toBe('<script>甲')
    expect(right.map((p) => p.text).join('')).toBe('乙</script>')
  })
  it('does not go through texts that no list holds', () => expect(markDifferences('a'.repeat(5000), 'b')[0]).toHaveLength(1))
})

describe('markPieces', () => {
  it('takes the range of the server where stars hide what differs', () => {
    const [left, right] = markPieces('450399********0836', '450399********0836', { from: 8, to: 10, other_from: 8, other_to: 10 })
    expect(left).toEqual([{ text: '450399**', same: true }, { text: '**', same: false }, { text: '****0836', same: true }])
    expect(right).toEqual(left)
  })
  it('compares by itself where nothing is hidden', () =>
    expect(markPieces('蒙诗', '蒙诗彤', { from: 0, to: 2, other_from: 0, other_to: 3 })[1]).toEqual([{ text: '蒙诗', same: true }, { text: '彤', same: false }]))
})
