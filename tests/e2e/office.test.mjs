// The office in a browser: every flow of the compare loop on a small made county, by mouse and by keyboard alone.
import { readFileSync, writeFileSync } from 'node:fs'
import { assert, axe, browser, join, login, makeCounty, PASSWORD, runAll, same, serve, shot, test } from './harness.mjs'

const [anju, only] = process.argv.slice(2)
const county = makeCounty(anju)
const server = await serve(anju, county.county)
const { origin } = server
const chromium = await browser()
const { context } = chromium
const page = await context.newPage()

const outside = [] // requests that leave the origin, errors of the page
context.on('request', (request) => {
  const url = request.url()
  if (!url.startsWith(`${origin}/`) && !url.startsWith('data:') && !url.startsWith('blob:')) outside.push(url)
})
const errors = []
context.on('weberror', (error) => errors.push(String(error.error())))
page.on('console', (message) => message.type() === 'error' && !/status of 4\d\d/.test(message.text()) && errors.push(message.text()))

const get = (path) => page.evaluate(async (p) => (await fetch(p)).json(), path)
const total = async (query) => (await get(`/api/differences?${query}&limit=1`)).total
const open = async (path) => {
  await page.goto(origin + path)
  await page.locator('h1').first().waitFor()
}
const clean = async (name) => {
  const found = await axe(page)
  same(found.length, 0, `axe on ${name}: ${found.join(' | ')}`)
}
const rows = () => page.locator('tbody tr')
const pane = () => page.getByRole('region', { name: '这处差异' })
const typing = () => page.waitForFunction(() => document.activeElement?.closest('[role=dialog] form') && document.activeElement.tagName === 'INPUT')
const moved = (key, closed = false) =>
  page.waitForFunction(([k, c]) => (!c && document.querySelector('[role=dialog] form')) || (!document.querySelector('[role=dialog]') && document.querySelector('tr.active')?.dataset.key !== k), [key, closed])
const ready = () => pane().locator('.options, .done').first().waitFor()

test('a wrong password is refused in words, and the page asks nobody else', async () => {
  await page.goto(`${origin}/differences?class=id_typo`)
  await page.waitForURL(/\/login/)
  await page.getByLabel('账号', { exact: true }).fill('wangfang')
  await page.getByLabel('密码', { exact: true }).fill('not the password')
  await page.getByRole('button', { name: '登录' }).click()
  await page.getByRole('alert').waitFor()
  assert((await page.getByRole('alert').textContent()).includes('密码不对'), 'the refusal says what is wrong')
  await clean('login')
  await shot(page, 'login')
})
test('after logging in one is where one wanted to be', async () => {
  await page.getByLabel('密码', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: '登录' }).click()
  await page.waitForURL(/\/differences\?class=id_typo/)
  await rows().first().waitFor()
})
test('today says what this role has to do, and its number opens that list', async () => {
  await open('/')
  const task = page.locator('.tasks a').first()
  await task.waitFor()
  const count = Number((await task.locator('b').textContent()).replaceAll(',', ''))
  await clean('today')
  await shot(page, 'today')
  await task.click()
  await page.waitForURL(/\/differences/)
  await page.getByText('共').first().waitFor()
  same(await total('state=todo'), count, 'the number on today')
})
test('the stages stand in the order of the notice, and only comparing has begun', async () => {
  await open('/stages')
  same(await page.getByRole('main').getByText('尚未开始').count(), 5, 'stages that have not begun')
  assert((await page.getByRole('main').textContent()).includes('2020年2月24日'), 'the due date')
  await clean('stages')
  await shot(page, 'stages')
})
test('the matrix: a number opens exactly the differences behind it, and its address says so', async () => {
  await open('/matrix?view=towns')
  await page.locator('tfoot a').first().waitFor()
  await clean('matrix, towns')
  const cell = page.locator('tbody td a').first()
  const count = Number((await cell.textContent()).replaceAll(',', ''))
  await cell.click()
  await page.waitForURL(/town=\d{9}&class=/)
  await page.locator(`text=共 ${count} 处`).waitFor()
  same(await rows().count(), count, 'rows behind the cell')
})
test('the matrix list by list, and the heat map with its table', async () => {
  await open('/matrix')
  await page.locator('.matrix tbody a').first().waitFor()
  await clean('matrix')
  await shot(page, 'matrix')
  await open('/matrix?view=towns&chart=1')
  await page.locator('canvas').first().waitFor()
  await clean('heat map')
  await shot(page, 'towns')
})
test('sixty differences decided by keyboard alone', async () => {
  await open('/differences')
  await rows().first().waitFor()
  const before = await total('state=todo')
  const decidedBefore = await total('state=decided') + (await total('state=returned'))
  await page.keyboard.press('Home')
  let pressed = 0
  for (let turn = 0; turn < 200 && pressed < 60; turn++) {
    await ready()
    const key = await page.locator('tr.active').getAttribute('data-key')
    if (await pane().locator('.done').count()) {
      await page.keyboard.press('j') // settled together with another
    } else {
      await page.waitForFunction(() => !document.querySelector('.options button:disabled'))
      // Enter takes the proposal; now and then its number does the same
      await page.keyboard.press(pressed % 5 === 4 ? '1' : 'Enter')
      await moved(key)
      if (await page.getByRole('dialog').count()) {
        await typing()
        await page.keyboard.type('户口簿原件')
        await page.keyboard.press('Enter')
      }
      pressed++
    }
    await moved(key, true)
  }
  same(pressed, 60, 'decisions')
  const after = (await total('state=decided')) + (await total('state=returned'))
  assert(after - decidedBefore >= 60, `at least 60 were decided: ${after - decidedBefore}`)
  assert((await total('state=todo')) < before, 'there are fewer to do')
})
test('u takes the last decision back, and the row is there again', async () => {
  await open('/differences?class=name_variant&state=open')
  await rows().first().waitFor()
  await ready()
  const before = await total('class=name_variant&state=open')
  await page.keyboard.press('Enter')
  await page.getByText('刚才：').waitFor()
  assert((await total('class=name_variant&state=open')) < before, 'decided')
  await page.keyboard.press('u')
  await page.getByText('已撤销').first().waitFor()
  same(await total('class=name_variant&state=open'), before, 'open again')
})
test('another value can be written, and asks for it', async () => {
  await open('/differences?class=name_variant&state=open')
  await ready()
  const other = pane().locator('.options button', { hasText: '另定' })
  await page.keyboard.press((await other.locator('kbd').textContent()).trim())
  await typing()
  await clean('dialog')
  await page.keyboard.type('韦明')
  await page.keyboard.press('Enter')
  await page.getByText('刚才：').waitFor()
  assert((await total('class=name_variant&state=decided')) >= 1, 'decided')
  await page.keyboard.press('u')
  await page.getByText('已撤销').first().waitFor()
})
test('evidence: both sides marked, weights as a waterfall, whole rows; numbers are masked until a purpose is given', async () => {
  await open('/differences?class=same_id_two_names&state=all')
  await ready()
  await pane().locator('.fall tbody tr').first().waitFor()
  assert(await pane().locator('mark').count(), 'something is marked')
  assert(!/450399\d{12}/.test(await page.locator('main').textContent()), 'no whole number on the page')
  await clean('differences')
  await shot(page, 'differences')
  await pane().getByText('查看完整号码').click()
  await page.getByRole('dialog').getByRole('textbox').fill('与户口簿原件核对')
  await page.keyboard.press('Enter')
  await page.getByText('已记入日志').waitFor()
  assert(/450399\d{11}[\dX]/.test(await pane().textContent()), 'the whole number is shown')
})
test('a whole class at once: first the count, then one entry that u takes back', async () => {
  await open('/differences?class=village_renamed')
  await ready()
  const before = await total('class=village_renamed&state=todo')
  await page.getByRole('button', { name: '按建议处理这一类' }).click()
  const box = page.getByRole('dialog')
  await box.getByText('将处理').waitFor()
  same(await total('class=village_renamed&state=todo'), before, 'the preview decides nothing')
  await clean('bulk')
  await shot(page, 'bulk')
  await box.getByRole('button', { name: '处理', exact: true }).click()
  await box.getByRole('alert').waitFor() // a reason is asked for
  await box.getByRole('textbox').fill('按地名表规范')
  await page.keyboard.press('Enter')
  await page.getByText('已按建议处理').first().waitFor()
  assert((await total('class=village_renamed&state=todo')) < before, 'decided')
  await page.keyboard.press('u')
  await page.getByText('已撤销').first().waitFor()
  same(await total('class=village_renamed&state=todo'), before, 'open again')
})
test('rows picked with x are decided together', async () => {
  await open('/differences?state=open')
  await ready()
  const before = await total('state=open')
  await page.keyboard.press('x')
  await page.keyboard.press('j')
  await page.keyboard.press('x')
  await page.getByRole('button', { name: '按建议处理所选' }).click()
  await page.getByRole('dialog').getByRole('textbox').fill('原件核对')
  await page.keyboard.press('Enter')
  await page.getByText('已按建议处理 2 处').first().waitFor()
  assert((await total('state=open')) <= before - 2, 'two fewer')
})
test('two people: the slower one is told who was faster, and nothing is decided twice', async () => {
  await page.route('**/api/changes*', (route) => route.fulfill({ json: { seq: 0, more: false, changes: [] } })) // not told in time
  await open('/differences?state=open')
  await ready()
  const id = await page.locator('tr.active').getAttribute('data-key')
  const author = await (async () => {
    const answer = await fetch(`${origin}/api/session`, { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Anju': '1' }, body: JSON.stringify({ name: 'lijun', password: PASSWORD }) })
    const cookie = answer.headers.get('set-cookie').split(';')[0]
    const decided = await fetch(`${origin}/api/differences/${id}/decision`, {
      method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Anju': '1', Cookie: cookie }, body: JSON.stringify({ action: 'exception', seen: 0, reason: '已入户核实' }),
    })
    same(decided.status, 200, `lijun decides: ${await decided.clone().text()}`)
    return 'lijun'
  })()
  await page.keyboard.press((await pane().locator('.options button', { hasText: '退回' }).locator('kbd').first().textContent()).trim())
  const warning = page.locator('.el-message--warning')
  await warning.waitFor()
  assert((await warning.textContent()).includes(author), `who was faster: ${await warning.textContent()}`)
  const now = (await get(`/api/differences/${id}`)).difference
  same(now.decision, 'exception', 'the first decision stands')
  await page.unroute('**/api/changes*')
})
test('what others do appears by itself', async () => {
  await open('/')
  await page.locator('.tasks').waitFor()
  const answer = await fetch(`${origin}/api/session`, { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Anju': '1' }, body: JSON.stringify({ name: 'lijun', password: PASSWORD }) })
  const cookie = answer.headers.get('set-cookie').split(';')[0]
  const first = (await get('/api/differences?state=open&limit=1')).differences[0]
  await page.waitForTimeout(600) // the page has asked once where the journal is
  await fetch(`${origin}/api/differences/${first.id}/decision`, {
    method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Anju': '1', Cookie: cookie }, body: JSON.stringify({ action: 'return', seen: first.decision_seq, reason: '' }),
  })
  await page.getByRole('status').filter({ hasText: 'lijun 处理差异' }).waitFor({ timeout: 15_000 })
})
test('importing: several files dropped at once, each with what it was taken for', async () => {
  await open('/import')
  const civil = readFileSync(join(county.lists, 'civil.csv'))
  writeFileSync(join(county.folder, 'civil2.csv'), Buffer.concat([civil, Buffer.from('')]))
  const csv = '\u5e8f\u53f7,姓名,身份证号码,残疾证号,残疾类别,残疾等级\n1,<script>alert(1)</script>,450399196502100897,45039919650210089743,肢体,三级\n'
  const data = await page.evaluateHandle(
    ([a, b]) => {
      const drop = new DataTransfer()
      drop.items.add(new File([Uint8Array.from(a)], '民政名单.csv'))
      drop.items.add(new File([b], '残疾人.csv'))
      drop.items.add(new File(['x'], '说明.docx'))
      return drop
    },
    [[...civil], csv],
  )
  await page.locator('.zone').dispatchEvent('drop', { dataTransfer: data })
  await page.getByText('全部读完').waitFor({ timeout: 60_000 })
  same(await page.locator('.lines > li').count(), 3, 'a line for each file')
  assert(await page.getByText('不是表格文件').count(), 'what is no table is refused in words')
  assert(await page.getByText('没有重复').count(), 'the same content again changes nothing')
  assert(await page.locator('.lines .mark', { hasText: '已导入' }).count(), 'imported')
  await clean('import')
  await shot(page, 'import')
})
test('lists: files with their versions, and the cells that ask for a look', async () => {
  await open('/lists')
  await page.locator('tbody th').first().waitFor()
  await clean('lists')
  await shot(page, 'lists')
  await open('/lists?list=register&show=flags')
  await rows().first().waitFor()
  await clean('flags')
  await shot(page, 'flags')
})
test('a mapping is corrected with values beside it, and the file comes in as a new version that says what it changed', async () => {
  await open('/import')
  const lines = readFileSync(join(county.lists, 'civil.csv'))
  const text = new TextDecoder(lines[0] === 0xef || !lines.toString('utf8').includes('\ufffd') ? 'utf-8' : 'gb18030').decode(lines).split(/\r?\n/).filter(Boolean)
  text[3] = text[3].replace(/,([^,]*),/, ',王改名,') // one person under another name
  await page.getByLabel('选择名单文件').setInputFiles({ name: '民政更正.csv', mimeType: 'text/csv', buffer: Buffer.from(text.slice(0, -1).join('\r\n')) })
  await page.getByText('全部读完').waitFor({ timeout: 60_000 })
  await page.getByRole('button', { name: '更正对应关系' }).click()
  const box = page.getByRole('dialog')
  await box.locator('tbody tr').first().waitFor()
  assert(!/450399\d{12}/.test(await box.textContent()), 'samples are masked')
  await clean('mapping')
  await shot(page, 'mapping')
  await box.locator('tbody select').last().selectOption({ label: '备注' })
  await box.getByRole('button', { name: '按此重新导入' }).click()
  await box.waitFor({ state: 'hidden' })
  await page.locator('.lines .mark', { hasText: '已导入' }).waitFor({ timeout: 60_000 })
  await page.getByRole('link', { name: '改了什么' }).first().click()
  await page.getByText('与所取代的相比').waitFor()
  await rows().first().waitFor()
  await clean('changes')
  await shot(page, 'changes')
})
test('comparing again after a new list', async () => {
  await open('/matrix')
  await page.getByRole('button', { name: '重新比对' }).click()
  await page.getByText('比对完成').waitFor({ timeout: 120_000 })
})
test('files: differences as filtered, the register, corrections', async () => {
  await open('/differences?class=id_typo&state=all')
  await ready()
  const [csv] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: '导出 .csv' }).click()])
  const text = readFileSync(await csv.path(), 'utf8')
  same(text.trim().split('\n').length - 1, await total('class=id_typo&state=all'), 'lines of the file are the rows of the view')
  assert(!/450399\d{12}/.test(text), 'masked in the file too')
  await open('/corrections')
  const link = page.getByRole('link', { name: '下载 .xlsx' }).first()
  await link.waitFor()
  await clean('corrections')
  await shot(page, 'corrections')
  const [book] = await Promise.all([page.waitForEvent('download'), link.click()])
  same(readFileSync(await book.path()).subarray(0, 2).toString(), 'PK', 'a workbook')
})
test('the register: found by name, and a household with its members, rows and time line', async () => {
  await open('/register')
  await rows().first().waitFor()
  await clean('register')
  await shot(page, 'register')
  const member = (await get('/api/register?limit=1')).members[0]
  await page.getByRole('search', { name: '查名册' }).getByRole('searchbox').fill(member.name)
  await page.keyboard.press('Enter')
  await page.waitForURL(/text=/)
  await page.locator('tbody a', { hasText: member.name }).first().click()
  await page.waitForURL(/\/household\//)
  await page.locator('.line li').first().waitFor()
  await clean('household')
  await shot(page, 'household')
})
test('locks: the agreed lock is refused while differences are open; the baseline with a reason shows its arithmetic', async () => {
  await open('/locks')
  await page.getByRole('button', { name: '锁定…', exact: true }).last().click()
  await page.getByRole('dialog').getByRole('button', { name: '锁定' }).click()
  await page.locator('p.bad').waitFor()
  assert((await page.locator('p.bad').textContent()).includes('差异'), 'the refusal says why')
  await page.getByRole('button', { name: '有理由地提前锁定…' }).first().click()
  await page.getByRole('dialog').getByRole('textbox').fill('示范县，户数与应有数不同')
  await page.getByRole('dialog').getByRole('button', { name: '锁定' }).click()
  await page.getByText('平衡', { exact: true }).first().waitFor()
  same(await page.locator('.sum .mark.good').count(), 2, 'for households and for persons')
  await clean('locks')
  await shot(page, 'locks')
})
test('the journal is checked from the page', async () => {
  await open('/journal')
  await page.getByRole('button', { name: '开始核验' }).click()
  await page.getByText('核验无误').waitFor({ timeout: 120_000 })
  await clean('journal')
  await shot(page, 'journal')
})
test('a township sees its own: no register of others, no lock, no decision that is not its', async () => {
  await page.getByRole('button', { name: '退出' }).click()
  await page.waitForURL(/\/login/)
  await login(page, origin, 'panhua')
  await page.locator('.tasks, .panel').first().waitFor()
  same(await page.getByRole('link', { name: '日志核验' }).count(), 0, 'no journal check')
  await open('/register')
  await rows().first().waitFor()
  const towns = await page.evaluate(async () => [...new Set((await (await fetch('/api/register?limit=500')).json()).members.map((m) => m.town_code))])
  same(towns.join(), '450328104', 'towns in its register')
  await clean('township')
})
test('the navigation works on a small screen', async () => {
  await page.setViewportSize({ width: 390, height: 844 })
  await open('/')
  await page.getByRole('button', { name: '目录' }).click()
  await page.getByRole('navigation', { name: '工作阶段' }).getByRole('link', { name: '差异处理' }).click()
  await page.waitForURL(/\/differences/)
  same(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), true, 'no sideways scrolling of the page')
  await page.setViewportSize({ width: 1366, height: 768 })
})
test('nothing left the origin, and no page had an error', () => {
  same(outside.join(' '), '', 'requests outside')
  same(errors.join(' | '), '', 'errors')
})

await runAll(only, () => page)
await chromium.close()
await server.stop()
county.remove()
