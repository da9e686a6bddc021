import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Console } from '../support/e2e-console.ts'
import { busFolder, places, placesHere, type Folders, type Place } from './places.ts'
import { expect, test } from '../support/e2e-test.ts'
import type { FaultProxy } from '../support/fault-proxy.ts'
import { findSecrets } from '../support/secret-search.ts'

interface Leaking extends Folders {
  readonly console: Console
  readonly canary: string
}

test('no token and no password is anywhere but in main and the keychain', async ({
  open,
  backend,
  faultProxy: proxy,
  folder,
}) => {
  test.setTimeout(120_000)
  const home = join(folder, 'home')
  const console = await open({ url: proxy.url, env: homeAt(home) })
  await liveThrough(console, proxy, backend.alice)
  const [access, refresh, ...renewed] = proxy.tokens
  const secrets = [...proxy.tokens, backend.alice.password]
  expect(access).toMatch(/^eyJ/)
  expect(refresh).toBeDefined()
  expect(renewed.length).toBeGreaterThanOrEqual(2)

  for (const place of placesHere) {
    await test.step(`nothing in: ${place}`, async () => {
      const haystacks = await places[place](console, { home })
      expect(haystacks.length, 'something was looked at').toBeGreaterThan(0)
      expect(findSecrets(secrets, haystacks)).toEqual([])
    })
  }

  // The same search, after one was leaked on purpose: a search that finds nothing proves something
  // only if it would have found it.
  for (const place of placesHere) {
    await test.step(`found when leaked: ${place}`, async () => {
      await using undo = new AsyncDisposableStack()
      undo.defer(await leaks[place]({ console, canary: access!, home }))
      const found = async (): Promise<number> =>
        findSecrets([access!], await places[place](console, { home })).length
      await expect.poll(found).toBeGreaterThan(0)
    })
  }
})

/** Sign-in, live rows, a broken connection, a refresh, an error, a picture. */
async function liveThrough(
  console: Console,
  proxy: FaultProxy,
  user: { readonly email: string; readonly password: string },
): Promise<void> {
  const { page } = console
  const upgrades = (): number => proxy.requests.filter(({ upgrade }) => upgrade).length
  await console.signIn(user)
  await console.live()

  const dialled = upgrades()
  proxy.cut()
  await expect.poll(upgrades, { timeout: 15_000 }).toBeGreaterThan(dialled)
  await console.live()

  let refused = false
  proxy.hooks.rewrite = (request, headers) => {
    if (refused || !request.path.startsWith('/api/v1/websocket/status')) return headers
    refused = true
    return { ...headers, authorization: 'Bearer none' }
  }
  await expect.poll(() => proxy.tokens.length, { timeout: 15_000 }).toBe(4)
  await console.live()

  proxy.hooks.decide = ({ path }) => (path.includes('/events') ? 'reset' : undefined)
  await console.rows.first().click()
  await expect(page.getByRole('region', { name: 'Timeline' })).toContainText('cannot be reached')
  await page.screenshot()
  await console.app.evaluate(async ({ BrowserWindow }) => {
    await BrowserWindow.getAllWindows()[0]!.webContents.capturePage()
  })
}

/** Folders of its own for whatever the app, Chromium and the libraries below them write. */
function homeAt(home: string): Record<string, string> {
  const folders = {
    HOME: home,
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_CACHE_HOME: join(home, '.cache'),
    XDG_DATA_HOME: join(home, '.local/share'),
    XDG_STATE_HOME: join(home, '.local/state'),
    TMPDIR: join(home, 'tmp'),
  }
  for (const path of Object.values(folders)) mkdirSync(path, { recursive: true })
  writeFileSync(join(home, '.profile'), '')
  return folders
}

/** Answers how to undo what would outlive the test. */
type Leak = (leaking: Leaking) => Promise<() => void>

const nothing = (): void => undefined

const leaks = {
  heap: async ({ console, canary }) => {
    // In pieces, as a program would hold it that puts a URL together.
    await console.page.evaluate(
      (text) => Object.assign(window, { kept: { url: `?token=${text}` } }),
      canary,
    )
    return nothing
  },
  page: async ({ console, canary }) => {
    await console.page.evaluate((text) => localStorage.setItem('kept', btoa(text)), canary)
    return nothing
  },
  title: async ({ console, canary }) => {
    await console.app.evaluate(({ BrowserWindow }, text) => {
      BrowserWindow.getAllWindows()[0]!.setTitle(text)
    }, canary)
    return nothing
  },
  clipboard: async ({ console, canary }) => {
    await console.app.evaluate(({ clipboard }, text) => clipboard.writeText(text), canary)
    return nothing
  },
  'ipc trace': async ({ console, canary }) => {
    await console.page.evaluate((text) => {
      const { call } = window.bridge as unknown as {
        call: (name: string, value: object) => unknown
      }
      return call('nobody:listens', { nested: [text] })
    }, canary)
    return nothing
  },
  stdout: async ({ console, canary }) => {
    await console.app.evaluate((_, text) => void process.stdout.write(`${text}\n`), canary)
    return nothing
  },
  stderr: async ({ console, canary }) => {
    await console.app.evaluate((_, text) => void process.stderr.write(`${text}\n`), canary)
    return nothing
  },
  processes: async ({ console, canary }) => {
    const pid = await console.app.evaluate((_, text) => {
      const { spawn } = process.getBuiltinModule('node:child_process')
      return spawn('sleep', ['60'], { env: { LEAKED: text } }).pid!
    }, canary)
    return () => void process.kill(pid)
  },
  'user data': async ({ console, canary }) => {
    appendFileSync(join(console.userDataDir, 'signalbox.log'), `{"url":"?token=${canary}"}\n`)
    return nothing
  },
  'home and temporary files': async ({ home, canary }) => {
    writeFileSync(join(home, 'tmp/core'), Buffer.from(canary, 'utf16le'))
    return nothing
  },
  'keyring files': async ({ canary }) => {
    const path = join(busFolder(), 'leaked')
    writeFileSync(path, canary)
    return () => rmSync(path)
  },
} satisfies Record<Place, Leak>
