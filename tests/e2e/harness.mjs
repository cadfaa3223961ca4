// What the browser tests share: a small made county with accounts, the server, Chromium, TAP lines.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const top = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const require = createRequire(join(top, 'web/package.json'))
const { chromium } = require('playwright-core')
export const axeSource = require.resolve('axe-core/axe.min.js')
export const shots = join(top, 'build/shots')
export const SIZES = { phone: { width: 390, height: 844 }, small: { width: 1366, height: 768 }, large: { width: 1440, height: 900 } }
export const PASSWORD = 'longsheng-2020-shifan'
export const PEOPLE = [
  ['wangfang', 'taskforce', ''],
  ['lijun', 'taskforce_office', ''],
  ['chenmin', 'housing', ''],
  ['panhua', 'township', '450328104'],
  ['zhaoan', 'security_admin', ''],
]

/** A county with everything imported and compared. */
export function makeCounty(anju, households = 120, more = []) {
  const folder = mkdtempSync(join(tmpdir(), 'anju-e2e-'))
  const lists = join(folder, 'lists')
  const county = join(folder, 'county')
  const run = (...args) => execFileSync(anju, args, { encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] })
  run('demo', lists, '--households', String(households), ...more)
  run('init', county)
  const files = readdirSync(lists).filter((name) => !/^(truth|errors)\.csv$/.test(name))
  run('import', county, ...files.map((name) => join(lists, name)))
  try {
    run('compare', county)
  } catch (error) {
    if (error.status !== 3) throw error
  }
  for (const [name, role, division] of PEOPLE)
    execFileSync(anju, ['user', 'add', county, name, '--role', role, ...(division ? ['--division', division] : []), '--password-stdin'], { input: PASSWORD, stdio: ['pipe', 'ignore', 'inherit'] })
  return { folder, lists, county, run, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** `anju serve` on a port that the kernel chooses. */
export async function serve(anju, county) {
  const child = spawn(anju, ['serve', county, '--listen', '127.0.0.1:0', '--web', join(top, 'build/web')], { stdio: ['ignore', 'pipe', 'inherit'] })
  const origin = await new Promise((done, failed) => {
    let text = ''
    const timer = setTimeout(() => failed(new Error(`the server did not start: ${text}`)), 60_000)
    child.stdout.on('data', (part) => {
      text += part
      const found = /http:\/\/[\d.:]+\d/.exec(text)
      if (found) {
        clearTimeout(timer)
        done(found[0])
      }
    })
    child.on('exit', (code) => failed(new Error(`the server ended with ${code}: ${text}`)))
  })
  return {
    origin,
    stop: () => new Promise((done) => {
      child.once('exit', done)
      child.kill('SIGTERM')
    }),
  }
}

/** Chromium with a profile of its own. */
export async function browser() {
  const profile = mkdtempSync(join(tmpdir(), 'anju-chromium-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    headless: true,
    viewport: SIZES.small,
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    acceptDownloads: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })
  context.setDefaultTimeout(20_000)
  return {
    context,
    close: async () => {
      await context.close()
      rmSync(profile, { recursive: true, force: true })
    },
  }
}

export async function login(page, origin, name = 'wangfang', path = '/') {
  await page.goto(`${origin}/login${path === '/' ? '' : `?next=${encodeURIComponent(path)}`}`)
  await page.getByLabel('账号', { exact: true }).fill(name)
  await page.getByLabel('密码', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: '登录' }).click()
  await page.waitForURL((url) => url.pathname !== '/login')
}

export async function shot(page, name) {
  mkdirSync(shots, { recursive: true })
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport)
    await page.waitForTimeout(150)
    await page.screenshot({ path: join(shots, `${name}-${size}.png`) })
  }
  await page.setViewportSize(SIZES.small)
}

/** Serious or critical findings of axe, as short lines. */
export async function axe(page) {
  // as a string over the debugger: the page's policy refuses scripts from elsewhere, and that is right
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(readFileSync(axeSource, 'utf8'))
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
  return violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .flatMap((v) => v.nodes.slice(0, 3).map((n) => `${v.id}: ${n.target.join(' ')} ${n.any[0]?.message ?? ''}`))
}

// ---- TAP ----
const tests = []
export const test = (name, run) => tests.push({ name, run })
export function assert(holds, what) {
  if (!holds) throw new Error(what)
}
export const same = (got, wanted, what) => assert(Object.is(got, wanted), `${what}: ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`)

/** Runs what was registered; `only`: part of a name. A failed test keeps a picture. */
export async function runAll(only, page) {
  let number = 0
  for (const { name, run } of tests) {
    if (only && !name.includes(only)) continue
    number++
    try {
      await run()
      console.log(`ok ${number} - ${name}`)
    } catch (error) {
      console.log(`not ok ${number} - ${name}`)
      for (const line of String(error?.stack ?? error).split('\n').slice(0, 12)) console.log(`# ${line}`)
      mkdirSync(shots, { recursive: true })
      await page()?.screenshot({ path: join(shots, `failed-${number}.png`) }).catch(() => undefined)
    }
  }
  console.log(`1..${number}`)
}
export { existsSync, join }
