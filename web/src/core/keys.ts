/** The keyboard of the differences page as a pure reducer: what a key does, given where one is. */
export interface KeyState {
  at: number // active row, -1 none
  count: number // rows on the page
  options: number // choices of the active row
  editing: boolean // the caret is in a field: keys are text
}
export type Effect =
  | { kind: 'none' }
  | { kind: 'move'; to: number }
  | { kind: 'page'; by: 1 | -1 }
  | { kind: 'choose'; option: number }
  | { kind: 'accept' }
  | { kind: 'undo' }
  | { kind: 'pick' }
  | { kind: 'search' }
  | { kind: 'help' }
  | { kind: 'leave' }

const NONE: Effect = { kind: 'none' }
const PLAIN: Record<string, (s: KeyState) => Effect> = {
  j: (s) => step(s, 1),
  ArrowDown: (s) => step(s, 1),
  k: (s) => step(s, -1),
  ArrowUp: (s) => step(s, -1),
  Home: (s) => (s.count ? { kind: 'move', to: 0 } : NONE),
  End: (s) => (s.count ? { kind: 'move', to: s.count - 1 } : NONE),
  PageDown: () => ({ kind: 'page', by: 1 }),
  PageUp: () => ({ kind: 'page', by: -1 }),
  Enter: (s) => (s.at >= 0 && s.options ? { kind: 'accept' } : NONE),
  u: () => ({ kind: 'undo' }),
  x: (s) => (s.at >= 0 ? { kind: 'pick' } : NONE),
  '/': () => ({ kind: 'search' }),
  '?': () => ({ kind: 'help' }),
  Escape: () => ({ kind: 'leave' }),
}

function step(s: KeyState, by: 1 | -1): Effect {
  if (!s.count) return NONE
  const to = s.at < 0 ? 0 : s.at + by
  if (to < 0) return { kind: 'page', by: -1 }
  if (to >= s.count) return { kind: 'page', by: 1 }
  return { kind: 'move', to }
}

export interface Key {
  key: string
  ctrlKey?: boolean
  altKey?: boolean
  metaKey?: boolean
  isComposing?: boolean
}

export function readKey(state: KeyState, key: Key): Effect {
  if (key.ctrlKey || key.altKey || key.metaKey || key.isComposing) return NONE
  if (state.editing) return key.key === 'Escape' ? { kind: 'leave' } : NONE
  if (/^[1-9]$/.test(key.key)) {
    const option = Number(key.key) - 1
    return state.at >= 0 && option < state.options ? { kind: 'choose', option } : NONE
  }
  return PLAIN[key.key]?.(state) ?? NONE
}

/** Is the caret where keys are text? Checkboxes and buttons are not. */
export function isEditing(element: Element | null): boolean {
  if (!element) return false
  if (element.tagName === 'TEXTAREA' || element.tagName === 'SELECT') return true
  if (element.tagName === 'INPUT') return !['checkbox', 'radio', 'button', 'file'].includes((element as HTMLInputElement).type)
  return (element as HTMLElement).isContentEditable
}
