import { describe, expect, it } from 'vitest'
import { mappingText, type SheetSeen } from './mapping'

const seen: SheetSeen = { sheet: '表1', header_row: 2, columns: [{ letter: 'A', code: '' }, { letter: 'B', code: 'name' }, { letter: 'C', code: 'id_no' }] }
const asSeen = { A: '', B: 'name', C: 'id_no' }

describe('mappingText', () => {
  it('says only what was corrected', () =>
    expect(JSON.parse(mappingText(seen, 'civil', 2, { ...asSeen, A: 'village', C: '' }, false))).toEqual({ list: 'civil', columns: { A: 'village', C: '' } }))
  it('names the sheet where there are several', () => expect(JSON.parse(mappingText(seen, 'civil', 2, asSeen, true))).toEqual({ list: 'civil', sheet: '表1', columns: {} }))
  it('says every column when the header is another row', () =>
    expect(JSON.parse(mappingText(seen, 'civil', 3, asSeen, false))).toEqual({ list: 'civil', header_row: 3, columns: { B: 'name', C: 'id_no' } }))
})
