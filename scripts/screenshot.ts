import { _electron, type ElectronApplication, type Page } from '@playwright/test'
import { writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { root, type Runtime } from './runtime.ts'

export interface ScreenshotOptions {
  readonly runtime: Runtime
  readonly env: Readonly<Record<string, string>>
  readonly args: readonly string[]
  readonly file: string
  /** The demo user who signs in. */
  readonly email: string
}

const size = { width: 1_440, height: 860 }
const liveLimitMs = 60_000
/** Evaluated in the page. */
const barValues = `[...document.querySelectorAll('[role=row] [role=progressbar]')]
  .map((bar) => bar.getAttribute('aria-valuenow')).join(' ')`

/** Signs in to the demo, waits until rows move, and writes a picture of the window. */
export async function takeScreenshot(options: ScreenshotOptions): Promise<void> {
  const { runtime, email, file } = options
  const app = await _electron.launch({
    executablePath: runtime.executable,
    args: [root, ...options.args],
    cwd: root,
    env: { ...definedOf(process.env), ...options.env, ELECTRON_STAND_IN_HEADLESS: '1' },
    colorScheme: null,
  })
  try {
    const page = await openAt(app)
    await page.getByRole('button', { name: email }).first().click()
    await waitForLiveRows(page)
    writeFileSync(file, await page.screenshot())
  } finally {
    await app.close()
  }
}

async function openAt(app: ElectronApplication): Promise<Page> {
  const page = await app.firstWindow()
  await page.waitForURL((url) => url.protocol !== 'about:')
  await app.evaluate(({ BrowserWindow }, { width, height }) => {
    BrowserWindow.getAllWindows()[0]?.setContentSize(width, height)
  }, size)
  return page
}

/** Live means seen to move: the bars of running jobs have to change more than once. */
async function waitForLiveRows(page: Page): Promise<void> {
  const deadline = performance.now() + liveLimitMs
  let last: unknown = ''
  let changes = 0
  while (changes < 3) {
    if (performance.now() > deadline) {
      const words = (await page.locator('body').innerText()).replaceAll(/\s+/g, ' ').slice(0, 300)
      const seconds = liveLimitMs / 1_000
      throw new Error(`no job moved within ${seconds} s of signing in; the window says: ${words}`)
    }
    const now: unknown = await page.evaluate(barValues)
    if (now !== last) changes += 1
    last = now
    await wait(200)
  }
}

const definedOf = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
