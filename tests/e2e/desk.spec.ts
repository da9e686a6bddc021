import type { Locator, Page } from '@playwright/test'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { findRuntime, root } from '../../scripts/runtime.ts'
import { isFinal, type WireJob } from '../../src/shared/job.ts'
import type { Console } from '../support/e2e-console.ts'
import { latestJobs } from '../support/e2e-tap.ts'
import { expect, test } from '../support/e2e-test.ts'
import type { FaultProxy } from '../support/fault-proxy.ts'
import { violations } from './axe.ts'

test('everything is done by keyboard', async ({ open, backend }) => {
  const { alice } = backend
  const { email, password, label } = alice
  const { page, grid, ...console } = await open({
    profiles: [{ mark: 'demo', demoUsers: [{ email, password, label }] }],
  })
  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key)
  }

  await test.step('signing in as a demo user', async () => {
    await tabTo(page, page.getByRole('button', { name: email }))
    await press('Enter')
    await console.live()
  })

  const details = page.getByRole('complementary', { name: 'Job details' })
  await test.step('moving among the jobs and opening one', async () => {
    await tabTo(page, grid)
    await press('Home', 'ArrowDown')
    const active = await activeRow(grid)
    await expect(active).toHaveAttribute('aria-level', '2')
    await press('Enter')
    await expect(details).toBeVisible()
    await expect(active).toHaveAttribute('aria-selected', 'true')
    const title = await details.getByRole('heading', { level: 2 }).textContent()
    await press('ArrowDown')
    await expect(details.getByRole('heading', { level: 2 })).not.toHaveText(title ?? '')
  })

  await test.step('reading its timeline', async () => {
    const timeline = details.getByRole('region', { name: 'Timeline' })
    await expect(timeline.getByRole('listitem').first()).toBeVisible()
  })

  await test.step('folding and unfolding the tenant', async () => {
    await press('Escape')
    await expect(details).toBeHidden()
    await press('Home', 'ArrowLeft')
    await expect(console.rows).toHaveCount(0)
    await press('ArrowRight')
    await expect(console.rows.first()).toBeVisible()
  })

  await test.step('searching', async () => {
    await press('/')
    await page.keyboard.type('no job is called this')
    await expect(page.getByText('No job matches the search.')).toBeVisible()
    await press('Escape')
    await expect(console.rows.first()).toBeVisible()
  })

  await test.step('signing out, to the receipt', async () => {
    await tabTo(page, page.getByRole('button', { name: `Operator ${email}` }))
    await press('Enter')
    await expect(page.getByRole('menuitem', { name: 'Sign out', exact: true })).toBeFocused()
    await press('Enter')
    await expect(page.getByRole('heading', { name: 'Signed out of E2E line' })).toBeFocused()
  })

  await test.step('and back to signing in, as the one who left', async () => {
    await tabTo(page, page.getByRole('button', { name: 'Sign in again' }))
    await press('Enter')
    await expect(page.getByLabel('E-mail')).toHaveValue(email)
  })
})

test('nothing serious stands between a screen reader and any view, light or dark', async ({
  open,
  backend,
}) => {
  const console = await open()
  const { page, rows } = console
  await expect(page.getByLabel('Password')).toBeVisible()
  await expectAccessible(console, 'sign-in')
  await console.signIn(backend.alice)
  await console.live()
  await expectAccessible(console, 'desk')
  await rows.first().click()
  await expect(
    page.getByRole('region', { name: 'Timeline' }).getByRole('listitem').first(),
  ).toBeVisible()
  await expectAccessible(console, 'pane')
  await console.signOut(backend.alice)
  await expectAccessible(console, 'receipt')
})

test('without a network the rows are remembered, and come back live', async ({
  open,
  backend,
  faultProxy: proxy,
}) => {
  test.setTimeout(120_000)
  const console = await open({ url: proxy.url })
  const { header, grid, page } = console
  await console.signIn(backend.alice)
  await console.live()
  const rates = grid.getByRole('gridcell', { name: /^[\d.,k]+\/s$/ })
  await expect(rates.first()).toBeVisible({ timeout: 20_000 })

  await test.step('the header says since when, and nothing that is not known is shown', async () => {
    proxy.mode = 'reset'
    proxy.cut()
    await expect(header.getByText(/^As of \d\d:\d\d:\d\d$/)).toBeVisible({ timeout: 30_000 })
    await expect(header.getByText(/^offline for \d+ (s|min)/)).toBeVisible()
    await expect(header.getByText('Live', { exact: true })).toHaveCount(0)
    await expect(rates).toHaveCount(0)
    await expect(grid.getByText('Not known while the connection is down').first()).toBeAttached()
    const remembered = grid.getByText(/^(Running|Queued|Done|Failed), remembered$/)
    await expect(remembered).toHaveCount(await console.rows.count())
  })

  const token = await backend.signIn(backend.alice)
  const running = [...latestJobs(await console.tap()).values()]
    .filter(({ status }) => status === 'running')
    .map(({ id }) => id)
  const endedMeanwhile = async (): Promise<{ id: string; status: string }[]> => {
    const { body } = await backend.ask('/api/v1/jobs?limit=200', token)
    return (body as { jobs: WireJob[] }).jobs
      .filter(({ id, status }) => running.includes(id) && isFinal(status))
      .map(({ id, status }) => ({ id, status }))
  }
  await expect
    .poll(async () => (await endedMeanwhile()).length, { timeout: 60_000 })
    .toBeGreaterThan(0)

  await test.step('it is live again, with what happened meanwhile', async () => {
    proxy.mode = 'pass'
    await page.getByRole('button', { name: 'Try now' }).click()
    await console.live()
    await expect(grid.getByText(/, remembered$/)).toHaveCount(0)
    const finished = await endedMeanwhile()
    const known = async (): Promise<object[]> => {
      const jobs = latestJobs(await console.tap())
      return finished.map(({ id }) => ({ id, status: jobs.get(id)?.status }))
    }
    await expect.poll(known).toEqual(finished)
  })
})

test('a window that crashes comes back with its rows, and nothing is dialled anew', async ({
  open,
  backend,
  faultProxy: proxy,
}) => {
  const console = await open({ url: proxy.url })
  await console.signIn(backend.alice)
  await console.live()
  await console.app.evaluate(({ BrowserWindow }) => {
    const { webContents } = BrowserWindow.getAllWindows()[0]!
    const gone: string[] = []
    Object.assign(globalThis, { gone })
    webContents.on('render-process-gone', (_event, { reason }) => gone.push(reason))
    webContents.forcefullyCrashRenderer()
  })
  const gone = (): Promise<number> =>
    console.app.evaluate(() => (globalThis as unknown as { gone: string[] }).gone.length)
  await expect.poll(gone).toBe(1)

  // Playwright gives up a page that crashed; the window itself can still be asked.
  const shown = (): Promise<unknown> =>
    console.app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]!.webContents.executeJavaScript(`[
        document.querySelectorAll('[role=row][aria-level="2"]').length > 0,
        document.querySelector('header strong')?.textContent,
      ]`),
    )
  await expect.poll(shown).toEqual([true, 'Live'])
  expectDialledOnce(proxy)
  // The one sign-in, and never a refresh.
  expect(proxy.tokens).toHaveLength(2)
})

test('a second instance brings the first one to the front and opens nothing', async ({
  open,
  backend,
  faultProxy: proxy,
  folder,
}) => {
  const first = await open({ url: proxy.url, folder: join(folder, 'one') })
  await first.signIn(backend.alice)
  await first.live()
  await first.app.evaluate(({ app, BrowserWindow }) => {
    const told: string[] = []
    Object.assign(globalThis, { told })
    app.on('second-instance', () => told.push('second instance'))
    BrowserWindow.getAllWindows()[0]!.minimize()
  })
  const state = (): Promise<object> =>
    first.app.evaluate(({ BrowserWindow }) => {
      const window = BrowserWindow.getAllWindows()[0]!
      const { told } = globalThis as unknown as { told: string[] }
      return { told, visible: window.isVisible(), minimized: window.isMinimized() }
    })

  const { executable, env, switches } = findRuntime()
  const profile = join(folder, 'one/profiles.json')
  const args = [root, '--profile-file', profile, `--user-data-dir=${first.userDataDir}`]
  const second = spawn(executable, [...switches, ...args], {
    env: { ...process.env, ...env, ELECTRON_STAND_IN_HEADLESS: '1' },
    stdio: 'ignore',
  })
  try {
    await expect.poll(() => second.exitCode, { timeout: 15_000 }).toBe(0)
  } finally {
    second.kill()
  }
  await expect.poll(state).toEqual({ told: ['second instance'], visible: true, minimized: false })
  expect(first.app.windows()).toHaveLength(1)
  // A second one that opened would have restored the session, and followed the same jobs.
  expectDialledOnce(proxy)
  expect(proxy.tokens).toHaveLength(2)
})

test('the desk fits a window of 900 pixels', async ({ open, backend }) => {
  const console = await open()
  const { page, rows } = console
  await console.signIn(backend.alice)
  await console.live()
  await console.app.evaluate(({ BrowserWindow }) => {
    BrowserWindow.getAllWindows()[0]!.setContentSize(900, 640)
  })
  await expect.poll(() => page.evaluate(() => innerWidth)).toBe(900)
  const cut = (): Promise<number> =>
    page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  expect(await cut()).toBe(0)
  await expect(console.header.getByText('Live', { exact: true })).toBeInViewport({ ratio: 1 })
  await expect(rows.first().getByRole('gridcell').last()).toBeInViewport({ ratio: 1 })
  await expect(page.getByRole('button', { name: /^Operator / })).toBeInViewport({ ratio: 1 })
  await rows.first().click()
  await expect(page.getByRole('button', { name: 'Close details' })).toBeInViewport({ ratio: 1 })
  expect(await cut()).toBe(0)
  await page.getByRole('button', { name: 'Close details' }).click()
  await expect(page.getByRole('complementary', { name: 'Job details' })).toBeHidden()
})

/** Presses Tab until something has the focus; everything that can be done must be on this way. */
async function tabTo(page: Page, wanted: Locator): Promise<void> {
  const isThere = (): Promise<boolean> =>
    wanted.evaluate((element) => element === document.activeElement)
  await expect(wanted).toBeVisible()
  for (let pressed = 0; pressed < 40 && !(await isThere()); pressed += 1) {
    await page.keyboard.press('Tab')
  }
  await expect(wanted).toBeFocused()
}

async function activeRow(grid: Locator): Promise<Locator> {
  const id = await grid.getAttribute('aria-activedescendant')
  return grid.locator(`[id="${id ?? ''}"]`)
}

async function expectAccessible({ app, page }: Console, view: string): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    await app.evaluate(({ nativeTheme }, source) => {
      nativeTheme.themeSource = source
    }, theme)
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme)
    expect([view, theme, await violations(page)]).toEqual([view, theme, []])
  }
}

/** A job is dialled once in its life as long as nothing breaks. */
function expectDialledOnce(proxy: FaultProxy): void {
  const dialled = proxy.requests.filter(({ upgrade }) => upgrade).map(({ path }) => path)
  expect(dialled.length).toBeGreaterThan(3)
  expect(dialled).toEqual([...new Set(dialled)])
}
