import { describe, expect, it } from 'vitest'
import { type KeyState, readKey } from './keys'

const at = (more: Partial<KeyState> = {}): KeyState => ({ at: 0, count: 3, options: 4, editing: false, ...more })

describe('readKey', () => {
  it('moves with j, k and the arrows', () => {
    expect(readKey(at(), { key: 'j' })).toEqual({ kind: 'move', to: 1 })
    expect(readKey(at({ at: 2 }), { key: 'ArrowUp' })).toEqual({ kind: 'move', to: 1 })
  })
  it('starts at the first row', () => expect(readKey(at({ at: -1 }), { key: 'j' })).toEqual({ kind: 'move', to: 0 }))
  it('goes to the next page after the last row and back before the first', () => {
    expect(readKey(at({ at: 2 }), { key: 'j' })).toEqual({ kind: 'page', by: 1 })
    expect(readKey(at(), { key: 'k' })).toEqual({ kind: 'page', by: -1 })
  })
  it('does nothing in an empty list', () => expect(readKey(at({ at: -1, count: 0 }), { key: 'j' })).toEqual({ kind: 'none' }))
  it('chooses by number, but only what is offered', () => {
    expect(readKey(at(), { key: '3' })).toEqual({ kind: 'choose', option: 2 })
    expect(readKey(at(), { key: '5' })).toEqual({ kind: 'none' })
    expect(readKey(at({ at: -1 }), { key: '1' })).toEqual({ kind: 'none' })
  })
  it('takes the proposal with Enter and undoes with u', () => {
    expect(readKey(at(), { key: 'Enter' })).toEqual({ kind: 'accept' })
    expect(readKey(at(), { key: 'u' })).toEqual({ kind: 'undo' })
  })
  it('leaves typing alone', () => {
    expect(readKey(at({ editing: true }), { key: '1' })).toEqual({ kind: 'none' })
    expect(readKey(at({ editing: true }), { key: 'Escape' })).toEqual({ kind: 'leave' })
  })
  it('leaves the browser its own keys and an input method its composition', () => {
    expect(readKey(at(), { key: 'u', ctrlKey: true })).toEqual({ kind: 'none' })
    expect(readKey(at(), { key: '1', isComposing: true })).toEqual({ kind: 'none' })
  })
})
