// bench/page starts this. Every time is from the action to the picture (two frames after the DOM has changed).
import { performance } from 'node:perf_hooks'
import { browser, login, makeCounty, serve } from '../tests/e2e/harness.mjs'

const [anju, households] = process.argv.slice(2)
const RUNS = 9
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
const county = makeCounty(anju, Number(households))
const server = await serve(anju, county.county)
const { origin } = server
const chromium = await browser()
const result = { households: Number(households) }
try {
  // ---- the first load: an empty cache, log in, today ----
  const page = await chromium.context.newPage()
  const bytes = { js: 0, css: 0, other: 0 }
  const sizes = []
  page.on('response', (response) => {
    if (!response.url().startsWith(`${origin}/api/`)) sizes.push(response.request().sizes().then((s) => {
      const kind = /\.(js|css)$/.exec(new URL(response.url()).pathname)?.[1] ?? 'other'
      bytes[kind] += s.responseBodySize
    }))
  })
  await login(page, origin)
  await page.locator('.tasks').waitFor()
  await Promise.all(sizes)
  result.first_load_kib = Math.round((bytes.js + bytes.css + bytes.other) / 102.4) / 10
  result.first_load = bytes

  const settled = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
  const idle = (label) => page.locator(`[aria-label="${label}"][aria-busy="false"]`).waitFor()
  async function time(name, act, shown, before = async () => undefined) {
    const times = []
    for (let i = 0; i < RUNS; i++) {
      await before(i)
      const start = performance.now()
      await act(i)
      await shown(i)
      await settled()
      times.push(performance.now() - start)
    }
    result[name] = { median_ms: Math.round(median(times)), worst_ms: Math.round(Math.max(...times)) }
    console.log(`${name.padEnd(28)} median ${String(result[name].median_ms).padStart(5)} ms   worst ${String(result[name].worst_ms).padStart(5)} ms`)
  }
  const answered = (path) => page.waitForResponse((r) => r.url().includes(path))
  const side = page.getByRole('navigation', { name: '工作阶段' })
  console.log(`first load ${result.first_load_kib} KiB gz`)

  // ---- the matrix ----
  await time('matrix_open', () => side.getByRole('link', { name: '一致情况' }).click(), () => page.locator('.matrix tbody a').first().waitFor(), async () => {
    await side.getByRole('link', { name: '今天要办' }).click()
    await page.locator('.tasks').waitFor()
  })
  const towns = await page.getByLabel('乡镇').locator('option').evaluateAll((all) => all.map((o) => o.value).filter(Boolean))
  await time('matrix_town', (i) => page.getByLabel('乡镇').selectOption(towns[i % towns.length]), (i) => page.waitForURL(`**town=${towns[i % towns.length]}*`))

  // ---- 45,148 persons ----
  await page.goto(`${origin}/register`)
  await page.locator('tbody tr').first().waitFor()
  const both = (act) => async (i) => {
    const answer = answered('/api/register')
    await act(i)
    await answer
  }
  await time('register_town', both((i) => page.getByLabel('乡镇').selectOption(towns[i % towns.length])), () => idle('登记名册'))
  await page.getByLabel('乡镇').selectOption('')
  await idle('登记名册')
  await time('register_next_page', both(() => page.getByRole('button', { name: '下一页' }).click()), () => idle('登记名册'))
  const names = ['李', '韦明', '潘', '蒙', '石', '侯', '粟', '莫', '龙']
  await time('register_search', both(async (i) => {
    await page.getByRole('search', { name: '查名册' }).getByRole('searchbox').fill(names[i])
    await page.keyboard.press('Enter')
  }), () => idle('登记名册'))
  await time('register_scroll', () => page.locator('[aria-label="登记名册"]').evaluate((box) => box.scrollTo(0, box.scrollTop ? 0 : 99999)), settled)

  // ---- differences ----
  await page.goto(`${origin}/differences`)
  await page.locator('tbody tr').first().waitFor()
  await time('differences_j', async () => page.keyboard.press('j'), settled)
  const differences = (act) => async (i) => {
    const answer = answered('/api/differences?')
    await act(i)
    await answer
  }
  const kinds = await page.getByLabel('类别').locator('option').evaluateAll((all) => all.map((o) => o.value).filter(Boolean))
  await time('differences_class', differences((i) => page.getByLabel('类别').selectOption(kinds[i % kinds.length])), () => idle('差异'))
  await page.getByLabel('类别').selectOption('name_variant')
  await page.locator('.options').waitFor()
  await time('differences_decide', async () => {
    const answer = answered('/decision')
    await page.keyboard.press('Enter')
    await answer
  }, () => page.waitForFunction(() => !document.querySelector('.options button:disabled')), async () => {
    await page.locator('.options, .done').first().waitFor()
    for (; await page.locator('.pane .done').count(); await settled()) await page.keyboard.press('j') // settled with another
  })
} finally {
  await chromium.close()
  await server.stop()
  county.remove()
}
console.log(JSON.stringify(result))
