import type { Page } from '@playwright/test'
import type { Console } from '../support/e2e-console.ts'
import { expect, test } from '../support/e2e-test.ts'
import type { FaultProxy } from '../support/fault-proxy.ts'

const header = (page: Page) => page.getByRole('banner')
const rowsOf = (page: Page) =>
  page.getByRole('treegrid', { name: 'Jobs' }).locator('[role=row][aria-level="2"]')

/** Presses the key for another window in one, and answers the page of the new one. */
async function openAnother({ app }: Console, from: Page): Promise<Page> {
  const [page] = await Promise.all([
    app.waitForEvent('window'),
    from.keyboard.press('Control+Shift+N'),
  ])
  await page.waitForURL((url) => url.protocol !== 'about:')
  return page
}

async function expectLive(page: Page): Promise<void> {
  await expect(header(page).getByText('Live', { exact: true })).toBeVisible({ timeout: 15_000 })
  await expect(rowsOf(page).first()).toBeVisible()
}

/** The jobs that a window shows. */
const shown = (page: Page): Promise<(string | null)[]> =>
  rowsOf(page).evaluateAll((rows) => rows.map((row) => row.getAttribute('data-key')).sort())

/** A job is dialled once in its life as long as nothing breaks. */
function expectDialledOnce(proxy: FaultProxy): void {
  const dialled = proxy.requests.filter(({ upgrade }) => upgrade).map(({ path }) => path)
  expect(dialled.length).toBeGreaterThan(3)
  expect(dialled).toEqual([...new Set(dialled)])
}

test('two windows show the same jobs over one set of sockets (I20, F69)', async ({
  open,
  backend,
  faultProxy: proxy,
}) => {
  const console = await open({ url: proxy.url })
  const { app, page: first } = console
  await console.signIn(backend.alice)
  await console.live()
  const second = await openAnother(console, first)

  await test.step('the second one is signed in and live without a word to any server', async () => {
    await expectLive(second)
    await expect(async () => {
      expect(await shown(second)).toEqual(await shown(first))
    }).toPass({ timeout: 10_000 })
    expectDialledOnce(proxy)
    expect(proxy.tokens).toHaveLength(2)
  })

  await test.step('it stands a step beside the first', async () => {
    const places = await app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows().map((window) => window.getNormalBounds()),
    )
    expect(places).toHaveLength(2)
    const steps = places.map(({ x, y }) => [x, y]).sort(([a = 0], [b = 0]) => a - b)
    expect(steps[1]).not.toEqual(steps[0])
  })

  await test.step('reloading one brings its rows back, and the other does not notice', async () => {
    await second.reload()
    await expectLive(second)
    await expectLive(first)
    expectDialledOnce(proxy)
  })

  await test.step('closing one leaves the other live', async () => {
    await second.close()
    await expect
      .poll(() => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length))
      .toBe(1)
    const before = proxy.requests.length
    // Its own rounds go on: it is live because it hears, not because nobody told it otherwise.
    await expect.poll(() => proxy.requests.length).toBeGreaterThan(before + 1)
    await expectLive(first)
    expectDialledOnce(proxy)
    expect(proxy.tokens).toHaveLength(2)
  })

  await test.step('closing the first of two leaves the second', async () => {
    const third = await openAnother(console, first)
    await expectLive(third)
    await first.close()
    await expectLive(third)
    expectDialledOnce(proxy)
  })
})

test('signing out in one window ends both, and leaves a receipt in each', async ({
  open,
  backend,
  faultProxy: proxy,
}) => {
  const console = await open({ url: proxy.url })
  await console.signIn(backend.alice)
  await console.live()
  const second = await openAnother(console, console.page)
  await expectLive(second)
  await console.signOut(backend.alice)
  await expect(second.getByRole('heading', { name: 'Signed out of E2E line' })).toBeVisible()
  await expect(rowsOf(second)).toHaveCount(0)
})

test('a second instance brings the window that was used last to the front', async ({ open }) => {
  const console = await open()
  const second = await openAnother(console, console.page)
  await expect(second.getByLabel('Password')).toBeVisible()
  const state = (): Promise<boolean[]> =>
    console.app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()
        .sort((a, b) => a.id - b.id)
        .map((window) => window.isMinimized()),
    )
  await console.app.evaluate(({ app, BrowserWindow }) => {
    const windows = BrowserWindow.getAllWindows().sort((a, b) => a.id - b.id)
    windows[0]!.focus()
    windows[0]!.blur()
    windows[1]!.focus()
    for (const window of windows) window.minimize()
    app.emit('second-instance', { preventDefault: () => undefined }, [], '', null)
  })
  await expect.poll(state).toEqual([true, false])
})
