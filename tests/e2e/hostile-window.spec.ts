import type { Page } from '@playwright/test'
import { findRuntime } from '../../scripts/runtime.ts'
import { createCodec } from '../../tools/electron-stand-in/codec.ts'
import type { Console } from '../support/e2e-console.ts'
import { expect, test } from '../support/e2e-test.ts'
import { allOutcomes } from './hostile-attempts.ts'

/** The page as an attacker finds it: any name, any value. */
type Call = (channel: unknown, argument?: unknown) => Promise<unknown>

const call = (page: Page, channel: unknown, argument?: unknown): Promise<unknown> =>
  page.evaluate(([name, value]) => (window.bridge as unknown as { call: Call }).call(name, value), [
    channel,
    argument,
  ] as const)

test.describe('a hostile page', () => {
  test('finds two functions and nothing of Node or Electron', async ({ open }) => {
    const { page } = await open()
    const found = await page.evaluate(() => ({
      bridge: Object.getOwnPropertyNames(window.bridge).sort(),
      frozen: Object.isFrozen(window.bridge),
      descriptor: Object.getOwnPropertyDescriptor(window, 'bridge')?.writable,
      names: [
        'require',
        'process',
        'ipcRenderer',
        'module',
        'exports',
        'Buffer',
        'global',
        'electron',
      ].filter((name) => name in window),
      referrer: document.referrer,
      opener: window.opener as unknown,
    }))
    expect(found).toEqual({
      bridge: ['call', 'on'],
      frozen: true,
      descriptor: false,
      names: [],
      referrer: '',
      opener: null,
    })
  })

  test('is refused unknown channels and wrong arguments, each with a code', async ({
    open,
    backend,
  }) => {
    const console = await open()
    await console.signIn(backend.alice)
    await console.live()
    const { page } = console

    for (const channel of [
      'nobody:listens',
      '',
      '__proto__',
      'constructor',
      'jobs:batched',
      'ipc',
      7,
      null,
    ]) {
      expect([channel, await call(page, channel, {})]).toMatchObject([
        channel,
        { ok: false, failure: { code: 'channel_unknown' } },
      ])
    }
    const workspaceId = 'w'
    const wrong = [
      ['session:sign-in', { profileId: 'e2e-line', email: 'nobody', password: 'x' }, 'email'],
      ['session:sign-in', { profileId: 'e2e-line', email: 'a@b.test', password: '' }, 'password'],
      ['session:sign-out', { workspaceId: 7 }, 'workspaceId'],
      ['session:sign-out', { workspaceId, everywhere: 'yes' }, 'everywhere'],
      ['session:sign-out', { workspaceId, token: 'x' }, 'argument'],
      ['jobs:open', undefined, 'argument'],
      ['jobs:open', null, 'argument'],
      ['jobs:open', { workspaceId: 'w'.repeat(129) }, 'workspaceId'],
      ['jobs:acknowledge', { workspaceId, batch: 1.5 }, 'batch'],
      ['window:show-state', { visible: 'yes' }, 'visible'],
      ['app:describe', { anything: true }, 'argument'],
      ['profiles:save', { profile: { id: '../x' } }, 'profile.id'],
    ] as const
    for (const [channel, argument, field] of wrong) {
      expect([channel, await call(page, channel, argument)]).toEqual([
        channel,
        {
          ok: false,
          failure: { code: 'argument_invalid', message: `wrong argument at ${field}`, field },
        },
      ])
    }
    expect(await call(page, 'jobs:open', { workspaceId })).toMatchObject({
      ok: false,
      failure: { code: 'workspace_unknown' },
    })
    await expectAlive(console)
  })

  test('has no bridge in a sub-frame, and what one sends is refused', async ({ open, backend }) => {
    const console = await open()
    await console.signIn(backend.alice)
    await console.live()
    const { page } = console
    // The policy forbids a frame of any address; an empty one is what is left.
    await page.evaluate(() => {
      document.body.append(document.createElement('iframe'))
      document.body.append(Object.assign(document.createElement('iframe'), { src: '/index.html' }))
    })
    await expect.poll(() => page.frames().length).toBe(3)
    const [empty, framed] = page.frames().slice(1)
    expect(await empty!.evaluate(() => 'bridge' in window)).toBe(false)
    await expect.poll(() => framed!.evaluate(() => document.readyState)).toBe('complete')
    expect(
      await framed!.evaluate(() => ['bridge' in window, document.getElementById('root')]),
    ).toEqual([false, null])

    // Only the stand-in's wire can be reached from outside of a preload; in the real Electron a
    // sub-frame without a preload has none, which the two lines above have shown.
    if (findRuntime().kind === 'stand-in') {
      expect(await sendFromSubFrame(page)).toMatchObject({
        ok: false,
        failure: { code: 'sender_refused' },
      })
      const refused = (await console.tap()).filter(({ trusted }) => trusted === false)
      expect(refused).toMatchObject([{ way: 'in', channel: 'workspaces:list' }])
    }
    await expectAlive(console)
  })

  test('runs no code of its own, reaches no network, gets no permission', async ({
    open,
    backend,
    faultProxy: proxy,
  }) => {
    const console = await open({ url: proxy.url })
    await console.signIn(backend.alice)
    await console.live()
    const { page } = console
    const outcomes = await page.evaluate(allOutcomes, `${proxy.url}/from-the-window`)
    const worked = Object.entries(outcomes).filter(([, outcome]) => !outcome.startsWith('refused'))
    expect(worked).toEqual([])
    expect(Object.keys(outcomes).length).toBeGreaterThan(20)
    expect(proxy.requests.filter(({ path }) => path.includes('from-the-window'))).toEqual([])
    await expectAlive(console)
  })

  test('goes nowhere and opens nothing', async ({ open, backend, faultProxy: proxy }) => {
    const console = await open({ url: proxy.url })
    await console.signIn(backend.alice)
    await console.live()
    const { app, page } = console
    const target = `${proxy.url}/from-the-window`
    await app.evaluate(({ BrowserWindow }) => {
      const tried: string[] = []
      Object.assign(globalThis, { tried })
      BrowserWindow.getAllWindows()[0]!.webContents.on('will-navigate', (event) => {
        tried.push(`${event.url} ${event.defaultPrevented ? 'prevented' : 'ALLOWED'}`)
      })
    })
    const tried = (): Promise<string[]> =>
      app.evaluate(() => (globalThis as unknown as { tried: string[] }).tried)
    const address = page.url()

    await page.evaluate((url) => {
      location.href = `${url}/location`
    }, target)
    await expect.poll(tried).toContain(`${target}/location prevented`)
    await page.evaluate((url) => {
      const link = Object.assign(document.createElement('a'), { href: `${url}/link` })
      document.body.append(link)
      link.click()
    }, target)
    await expect.poll(tried).toContain(`${target}/link prevented`)

    for (const open of ['_blank', 'elsewhere']) {
      await page.evaluate(
        ([url, name]) => {
          const link = Object.assign(document.createElement('a'), { href: url, target: name })
          document.body.append(link)
          link.click()
        },
        [`${target}/new`, open] as const,
      )
      expect(
        await page.evaluate(([url, name]) => window.open(url, name), [target, open] as const),
      ).toBe(null)
    }
    await expectAlive(console)
    expect(app.windows()).toHaveLength(1)
    expect(page.url()).toBe(address)
    expect((await tried()).filter((line) => line.endsWith('ALLOWED'))).toEqual([])
    expect(proxy.requests.filter(({ path }) => path.includes('from-the-window'))).toEqual([])
  })
})

/**
 * Whatever was tried: the window still hears of its jobs and still obeys its operator. By keyboard,
 * and asked of the page itself: Playwright's locators would wait for a navigation that was refused.
 */
async function expectAlive({ page, tap }: Console): Promise<void> {
  const batches = async (): Promise<number> =>
    (await tap()).filter(({ channel }) => channel === 'jobs:batched').length
  const before = await batches()
  await expect.poll(batches, { timeout: 10_000 }).toBeGreaterThan(before)
  const hasPane = (): Promise<boolean> =>
    page.evaluate(() => document.querySelector('[aria-label="Job details"]') !== null)
  for (const key of ['/', 'ArrowDown', 'Home', 'ArrowDown', 'Enter']) await page.keyboard.press(key)
  await expect.poll(hasPane).toBe(true)
  await page.keyboard.press('Escape')
  await expect.poll(hasPane).toBe(false)
}

/**
 * Speaks on the stand-in's own wire out of a sub-frame, as a page would that broke out of its world
 * there: main sees a message whose sender is not the window's main frame.
 */
async function sendFromSubFrame(page: Page): Promise<unknown> {
  const session = await page.context().newCDPSession(page)
  const contexts: { id: number; name: string; frameId: string }[] = []
  session.on('Runtime.executionContextCreated', ({ context }) => {
    const { frameId } = context.auxData as unknown as { frameId: string }
    contexts.push({ id: context.id, name: context.name, frameId })
  })
  await session.send('Runtime.enable')
  const { frameTree } = await session.send('Page.getFrameTree')
  const subFrame = frameTree.childFrames![0]!.frame.id
  const world = contexts.find(
    ({ name, frameId }) => name === 'electron-preload' && frameId === subFrame,
  )
  const message = createCodec(null).encode({
    type: 'invoke',
    id: 1,
    channel: 'signalbox:call',
    values: [{ channel: 'workspaces:list' }],
  })
  const { result } = await session.send('Runtime.evaluate', {
    contextId: world!.id,
    awaitPromise: true,
    returnByValue: true,
    expression: `new Promise((resolve) => {
      globalThis.__standInReceive = (text) => resolve(JSON.parse(text).value)
      globalThis.__standInPost(${JSON.stringify(message)})
    })`,
  })
  await session.detach()
  return result.value as unknown
}
