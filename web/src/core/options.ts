/** What can be decided about a difference, in the order of the keys 1 to 9. Pure: the page draws it, the keyboard uses it. */
export interface Decidable {
  field: string
  list: string
  other_list: string
  value: string
  other_value: string
  proposed: string
}
export interface Option {
  action: string // "" asks for a text: value:TEXT
  send: string // what goes to the server: a masked number cannot go back, "proposed" can
  label: string
  value: string // what will hold afterwards, "" nothing to show
  proposed: boolean
}

const LINKS = ['link', 'nolink', 'return', 'exception']
const ROWS = ['return', 'exception']
const LABELS: Record<string, string> = {
  link: '是同一人', nolink: '不是同一人', return: '退回名单单位更正', exception: '作为例外保留（须写理由）', '': '另定…',
}

export function actionLabel(action: string, title: (list: string) => string): string {
  if (action.startsWith('take:')) return `以${title(action.slice(5))}为准`
  if (action.startsWith('value:')) return '改为'
  return LABELS[action] ?? action
}

export function optionsOf(d: Decidable, title: (list: string) => string): Option[] {
  const actions: string[] = []
  const add = (action: string): void => {
    if (!actions.includes(action)) actions.push(action)
  }
  if (d.proposed) add(d.proposed)
  if (d.field === 'link') LINKS.forEach(add)
  else if (d.field === 'row') ROWS.forEach(add)
  else {
    if (d.list && d.value) add(`take:${d.list}`)
    if (d.other_list && d.other_value) add(`take:${d.other_list}`)
    add('return')
    add('exception')
    add('')
  }
  return actions.map((action) => ({
    action,
    send: action !== '' && action === d.proposed ? 'proposed' : action,
    label: actionLabel(action, title),
    value: valueOf(action, d),
    proposed: action !== '' && action === d.proposed,
  }))
}

/** Two files of one list may differ: then take:LIST means the other file's value, as the server proposes it. */
function valueOf(action: string, d: Decidable): string {
  if (action.startsWith('value:')) return action.slice(6)
  if (!action.startsWith('take:')) return ''
  const list = action.slice(5)
  if (list === d.other_list && d.other_value) return d.other_value
  return list === d.list ? d.value : ''
}

/** After the second lock every change needs a reason; an exception always does. */
export const needsReason = (action: string, locked: boolean): boolean => locked || action === 'exception'
