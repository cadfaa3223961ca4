import { describe, expect, it } from 'vitest'
import { type Decidable, needsReason, optionsOf } from './options'

const title = (list: string): string => ({ register: '《名册》', feedback: '《反馈》' })[list] ?? list
const difference = (more: Partial<Decidable>): Decidable => ({
  field: 'name', list: 'register', other_list: 'feedback', value: '陈义仕', other_value: '陈义仁', proposed: 'take:feedback', ...more,
})

describe('optionsOf', () => {
  it('puts the proposal first and never twice', () => {
    const options = optionsOf(difference({}), title)
    expect(options.map((o) => o.action)).toEqual(['take:feedback', 'take:register', 'return', 'exception', ''])
    expect(options.map((o) => o.proposed)).toEqual([true, false, false, false, false])
  })
  it('shows what will hold', () => expect(optionsOf(difference({}), title)[0]).toMatchObject({ label: '以《反馈》为准', value: '陈义仁' }))
  it('asks about persons with link and nolink only', () =>
    expect(optionsOf(difference({ field: 'link', proposed: 'nolink' }), title).map((o) => o.action)).toEqual(['nolink', 'link', 'return', 'exception']))
  it('cannot take an empty value', () =>
    expect(optionsOf(difference({ other_value: '', proposed: 'return' }), title).map((o) => o.action)).toEqual(['return', 'take:register', 'exception', '']))
  it('a missing row is returned or an exception', () =>
    expect(optionsOf(difference({ field: 'row', proposed: 'return' }), title).map((o) => o.action)).toEqual(['return', 'exception']))
  it('sends the proposal by its name, for its number is masked', () =>
    expect(optionsOf(difference({ field: 'id_no', proposed: 'value:450399********0967' }), title).slice(0, 2).map((o) => o.send)).toEqual(['proposed', 'take:register']))
  it('offers the converted number', () =>
    expect(optionsOf(difference({ field: 'id_no', proposed: 'value:450399198304200967' }), title)[0]).toMatchObject({ label: '改为', value: '450399198304200967' }))
})

describe('needsReason', () => {
  it('always for an exception, for all after the lock', () => {
    expect([needsReason('exception', false), needsReason('link', false), needsReason('link', true)]).toEqual([true, false, true])
  })
})
