import { expect, test } from '@playwright/test'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findRuntime } from '../../scripts/runtime.ts'
import { launchSignalbox, type Launched } from '../support/launch.ts'

const appFolder = join(import.meta.dirname, '../support/fixture-app')

interface FixtureBridge {
  call: (channel: string, argument?: unknown) => Promise<unknown>
  send: (channel: string, argument?: unknown) => void
  on: (channel: string, listener: (payload: unknown) => void) => () => void
}
interface Seen {
  navigations: string[]
  opened: string[]
  second: { argv: string[]; data: unknown }[]
  gone: string[]
}
declare global {
  var bridge: FixtureBridge
  var seen: Seen
}

test.describe('the Electron stand-in, on a tiny app', () => {
  let launched: Launched
  test.beforeEach(async () => {
    launched = await launchSignalbox({ appFolder, args: ['--own-argument'] })
  })
  test.afterEach(() => launched.close())

  const seen = (): Promise<Seen> => launched.app.evaluate(() => globalThis.seen)

  test('says what it is, and looks like Electron to the app', async () => {
    const facts = await launched.app.evaluate(({ app }) => ({
      name: app.getName(),
      version: app.getVersion(),
      packaged: app.isPackaged,
      electron: process.versions.electron,
      type: (process as { type?: string }).type,
      ownArgument: process.argv.at(-1),
      userData: app.getPath('userData'),
    }))
    expect(facts).toEqual({
      name: 'Fixture',
      version: '1.2.3',
      packaged: false,
      electron: '45.4.1',
      type: 'browser',
      ownArgument: '--own-argument',
      userData: launched.userDataDir,
    })
  })

  test('names what it does not have', async () => {
    const error = await launched.app.evaluate(({ app }) => {
      try {
        app.setBadgeCount(1)
        return 'nothing thrown'
      } catch (thrown) {
        return String(thrown)
      }
    })
    expect(error).toContain('StandInUnsupported: app.setBadgeCount')
  })

  test('carries structured clones both ways', async () => {
    const text = await launched.window.evaluate(() =>
      bridge.call('inspect', {
        nothing: undefined,
        date: new Date(0),
        map: new Map([[1, new Set(['two'])]]),
        bytes: new Uint8Array([1, 2]),
        number: [NaN, -0, 10n],
        $: 'dollar',
      }),
    )
    expect(String(text).replaceAll(/\s+/g, ' ')).toBe(
      "{ nothing: undefined, date: 1970-01-01T00:00:00.000Z, map: Map(1) { 1 => Set(1) { 'two' } }, " +
        "bytes: Uint8Array(2) [ 1, 2 ], number: [ NaN, -0, 10n ], '$': 'dollar' }",
    )
    const back = await launched.window.evaluate(async () => {
      const value = { map: new Map([[1, 2]]), date: new Date(5), nothing: undefined }
      const echoed = (await bridge.call('echo', value)) as typeof value
      return [echoed.map.get(1), echoed.date.getTime(), 'nothing' in echoed]
    })
    expect(back).toEqual([2, 5, true])
  })

  test('refuses functions and carries errors as Electron does', async () => {
    const errors = await launched.window.evaluate(async () => {
      const calls = [
        bridge.call('echo', () => {}),
        bridge.call('fail'),
        bridge.call('unclonable'),
        bridge.call('nobody'),
      ]
      const settled = await Promise.allSettled(calls)
      return settled.map((each) => (each.status === 'rejected' ? String(each.reason) : 'fulfilled'))
    })
    expect(errors).toEqual([
      'Error: An object could not be cloned.',
      "Error: Error invoking remote method 'fail': TypeError: on purpose",
      "Error: Error invoking remote method 'unclonable': Error: An object could not be cloned.",
      "Error: Error invoking remote method 'nobody': Error: No handler registered for 'nobody'",
    ])
  })

  test('sends events to the page until their off-switch is used', async () => {
    const heard = await launched.window.evaluate(async () => {
      const all: unknown[] = []
      const next = (value: number): Promise<unknown> =>
        new Promise((resolve) => {
          const off = bridge.on('pong', (payload) => {
            off()
            all.push(payload)
            resolve(payload)
          })
          bridge.send('ping', value)
        })
      await next(1)
      await next(2)
      return all
    })
    expect(heard).toEqual([1, 2])
  })

  test('hides the preload and its wire from the page', async () => {
    const visible = await launched.window.evaluate(() =>
      ['require', 'ipcRenderer', '__standInPost', '__standInReceive', 'process'].filter(
        (name) => name in globalThis,
      ),
    )
    expect(visible).toEqual([])
    expect(await launched.window.evaluate(() => Object.isFrozen(bridge))).toBe(true)
  })

  test('enforces the page\u2019s security policy and gives it no network', async () => {
    const page = launched.window
    expect(await page.evaluate(() => ['pageRan' in window, 'inlineRan' in window])).toEqual([
      true,
      false,
    ])
    const evaluated = await page.evaluate(
      () =>
        new Promise((resolve) => {
          addEventListener('securitypolicyviolation', (event) => resolve(event.blockedURI))
          setTimeout(() => resolve(eval('"eval ran"')), 0)
        }),
    )
    expect(evaluated).toBe('eval')
    const fetched = await page.evaluate(() =>
      fetch('https://example.com/').then(
        () => 'fetched',
        () => 'refused',
      ),
    )
    expect(fetched).toBe('refused')
  })

  test('denies navigation and new windows after asking the app', async () => {
    const page = launched.window
    const address = page.url()
    await page.getByText('away').click()
    await page.getByText('new', { exact: true }).click()
    expect(await page.evaluate(() => window.open('https://example.com/open'))).toBe(null)
    await expect.poll(seen).toMatchObject({
      navigations: ['https://example.com/away'],
      opened: ['https://example.com/new', 'https://example.com/open'],
    })
    await expect.poll(() => launched.app.windows().length).toBe(1)
    expect(page.url()).toBe(address)
    await expect(page.getByRole('heading')).toHaveText('Fixture')
  })

  test('comes back from a navigation that needs no request', async () => {
    await launched.window.evaluate(() => {
      location.href = 'about:blank'
    })
    await expect.poll(seen).toMatchObject({ navigations: ['about:blank'] })
    await expect(launched.window.getByRole('heading')).toHaveText('Fixture')
  })

  test('tells a sub-frame from the main frame', async () => {
    const page = launched.window
    expect(await page.evaluate(() => bridge.call('who'))).toEqual({
      url: 'app://fixture/index.html',
      origin: 'app://fixture',
      isMain: true,
      isOurs: true,
    })
    await page.evaluate(() => {
      document.body.append(Object.assign(document.createElement('iframe'), { src: '/frame.html' }))
    })
    await expect.poll(() => page.frames().length).toBe(2)
    const frame = page.frames()[1]!
    await frame.waitForURL(/frame\.html/)
    expect(await frame.evaluate(() => bridge.call('who'))).toMatchObject({
      url: 'app://fixture/frame.html',
      isMain: false,
    })
  })

  test('follows the theme that the app chooses', async () => {
    const background = (): Promise<string> =>
      launched.window.evaluate(() => getComputedStyle(document.body).backgroundColor)
    for (const [theme, colour] of [
      ['dark', 'rgb(0, 0, 0)'],
      ['light', 'rgb(255, 255, 255)'],
    ] as const) {
      await launched.app.evaluate(({ nativeTheme }, source) => {
        nativeTheme.themeSource = source
      }, theme)
      await expect.poll(background).toBe(colour)
    }
  })

  test('tells of keys that a person pressed, and of no others', async () => {
    await launched.app.evaluate(({ BrowserWindow }) => {
      const keys: string[] = []
      Object.assign(globalThis, { keys })
      BrowserWindow.getAllWindows()[0]!.webContents.on('before-input-event', (_event, input) => {
        const held = [input.control && 'Control', input.shift && 'Shift'].filter(Boolean)
        if (input.type === 'keyDown') keys.push([...held, input.key].join('+'))
      })
    })
    await launched.window.evaluate(() => {
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'x', bubbles: true }))
    })
    await launched.window.keyboard.press('Control+Shift+N')
    const keys = (): Promise<string[]> =>
      launched.app.evaluate(() => (globalThis as unknown as { keys: string[] }).keys)
    await expect.poll(async () => (await keys()).at(-1)).toBe('Control+Shift+N')
    expect((await keys()).join()).not.toContain('x')
  })

  test('says that there is no proxy', async () => {
    const answers = await launched.app.evaluate(({ session }) =>
      Promise.all(
        [session.defaultSession, session.fromPartition('wires')].map((each) =>
          each.resolveProxy('https://example.com/'),
        ),
      ),
    )
    expect(answers).toEqual(['DIRECT', 'DIRECT'])
  })

  test('takes pictures of its own size', async () => {
    const size = await launched.app.evaluate(async ({ BrowserWindow }) => {
      const image = await BrowserWindow.getAllWindows()[0]!.webContents.capturePage()
      return image.getSize()
    })
    expect(size).toEqual({ width: 900, height: 600 })
    const picture = await launched.window.screenshot()
    expect(picture.readUInt32BE(16)).toBe(900)
  })

  test('writes a heap snapshot of the page', async () => {
    const path = join(launched.userDataDir, 'page.heapsnapshot')
    await launched.app.evaluate(async ({ BrowserWindow }, file) => {
      await BrowserWindow.getAllWindows()[0]!.webContents.takeHeapSnapshot(file)
    }, path)
    expect(readFileSync(path, 'utf8')).toContain('"snapshot"')
  })

  test('tells when the page\u2019s process died, and can load it again', async () => {
    await launched.app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]!.webContents.forcefullyCrashRenderer(),
    )
    await expect.poll(seen).toMatchObject({ gone: ['crashed'] })
    const title = await launched.app.evaluate(async ({ BrowserWindow }): Promise<unknown> => {
      const { webContents } = BrowserWindow.getAllWindows()[0]!
      const loaded = new Promise<void>((resolve) => {
        webContents.once('did-finish-load', () => resolve())
      })
      webContents.reload()
      await loaded
      return webContents.executeJavaScript('document.title')
    })
    expect(title).toBe('Fixture')
  })

  test('hands a second instance\u2019s arguments to the first one', async () => {
    const args = [appFolder, `--user-data-dir=${launched.userDataDir}`, '--hello']
    const second = spawn(findRuntime().executable, args, {
      env: { ...process.env, ELECTRON_STAND_IN_HEADLESS: '1' },
    })
    const [code] = (await once(second, 'exit')) as [number]
    expect(code).toBe(0)
    await expect.poll(async () => (await seen()).second.length).toBe(1)
    const { argv, data } = (await seen()).second[0]!
    expect(argv).toContain('--hello')
    expect(data).toEqual({ from: 'second' })
  })

  test('honours a before-quit that is prevented', async () => {
    const still = await launched.app.evaluate(({ app, BrowserWindow }) => {
      app.once('before-quit', (event) => event.preventDefault())
      app.quit()
      return BrowserWindow.getAllWindows().length
    })
    expect(still).toBe(1)
  })
})

/** Command lines of processes that mention a text. */
function processesWith(text: string): string[] {
  const lines = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n')
  return lines.filter((line) => line.includes(text))
}

test.describe('the end of the stand-in', () => {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    test(`leaves no Chromium behind after ${signal}`, async () => {
      const userDataDir = mkdtempSync(join(tmpdir(), 'signalbox-end-'))
      const { app } = await launchSignalbox({ appFolder, userDataDir })
      expect(processesWith(userDataDir).length).toBeGreaterThan(1)
      const exited = once(app.process(), 'exit')
      app.process().kill(signal)
      await exited
      await expect.poll(() => processesWith(userDataDir)).toEqual([])
      rmSync(userDataDir, { recursive: true, force: true })
    })
  }

  test('removes its browser profile when it quits', async () => {
    const userDataDir = mkdtempSync(join(tmpdir(), 'signalbox-end-'))
    const launched = await launchSignalbox({ appFolder, userDataDir })
    await launched.close()
    expect(existsSync(userDataDir)).toBe(true)
    expect(readdirSync(userDataDir)).toEqual([])
    rmSync(userDataDir, { recursive: true, force: true })
  })
})
