/** Words that belong to the program, not to a campaign (docs/domain.md). Titles of lists, classes and stages come from the server. */
export const FIELDS: Record<string, string> = {
  link: '是否同一人', row: '是否应在名单', id_no: '身份证号码', name: '姓名', sex: '性别', birth: '出生日期', head_name: '户主',
  village: '所在村', size: '家庭人数', hh_no: '户编号', household: '一户还是两户', mode: '住房保障方式', grade: '住房等级',
}
export const STATES: Record<string, string> = { open: '未处理', returned: '已退回', decided: '已处理' }
export const SEX: Record<string, string> = { '1': '男', '2': '女' }
export const MODES: Record<string, string> = {
  renovated: '实施危改', self_built: '自建住房', relocated: '易地搬迁', rented: '租住借住', other: '其他',
}
export const RELATIONS: Record<string, string> = {
  '01': '户主', '02': '户主', '10': '配偶', '11': '夫', '12': '妻', '20': '之子', '30': '之女', '40': '孙辈', '50': '父母', '60': '祖父母', '70': '兄弟姐妹', '80': '其他亲属', '97': '非亲属', '99': '其他',
}
/** Roles of the program beside the campaign's. */
export const MORE_ROLES: Record<string, string> = {
  entry: '入户核实组', audit: '审核组', spotcheck: '抽查组', inspector: '验收、督查人员', system_admin: '系统管理员', security_admin: '安全管理员', audit_admin: '审计管理员',
}
export const LOCKS: Record<string, string> = { baseline: '基数', agreed: '比对结果' }
export const ENTRY_KINDS: Record<string, string> = {
  county_created: '建立数据目录', list_imported: '导入名单', compare_run: '比对', decision: '处理差异', undo: '撤销', register_lock: '锁定', removal: '核减', unmasked: '查看完整号码',
}

/** What importing flags (src/roster/decode.c). */
export const FLAGS: Record<string, string> = {
  id_bad_check: '身份证号码校验位不对，有一位或两位写错',
  id_bad_date: '身份证号码里的出生日期不存在',
  id_length: '身份证号码位数不对',
  id_shape: '身份证号码里有不该有的字符',
  id_rounded: '身份证号码被表格当作数字，后几位已丢失',
  id_15: '15位旧身份证号码',
  id_dummy: '用999999开头的临时号码',
  id_missing: '没有身份证号码',
  name_missing: '没有姓名',
  name_lost_char: '姓名里有丢失的字',
  no_identity: '既没有姓名也没有号码，无法比对',
  place_unknown: '村名不在行政区划表中',
  place_ambiguous: '两个乡镇都有这个村名',
  relation_unknown: '与户主关系的写法不认识',
  sex_unknown: '性别写法不认识',
  size_unreadable: '人数不是整数',
  cell_error: '单元格是公式错误',
  bytes_replaced: '有不能识别的字节，以�代替',
  cell_truncated: '内容过长，已截断',
  filled_down: '该格为空，沿用了上一行的内容',
}

export const word = (words: Record<string, string>, code: string): string => words[code] ?? code

/** 2020年4月10日 */
export function day(text: string): string {
  const m = /^(\d{4})-(\d{2})-(\d{2})/.exec(text)
  return m ? `${m[1]}年${Number(m[2])}月${Number(m[3])}日` : text
}

/** 2020-04-10 08:05, the reader's own time. From microseconds or an ISO text. */
export function moment(when: number | string): string {
  const date = typeof when === 'number' ? new Date(when / 1000) : new Date(when)
  if (Number.isNaN(date.getTime())) return String(when)
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`
}

/** Days from `now` to a due date: negative when late. */
export function daysLeft(due: string, now = new Date()): number {
  const end = new Date(`${due}T00:00:00`)
  const start = new Date(now.getFullYear(), now.getMonth(), now.getDate())
  return Math.round((end.getTime() - start.getTime()) / 86_400_000)
}

export const number = (n: number | undefined): string => (n ?? 0).toLocaleString('en-US')
