// `npm run screenshots`: makes the pictures in docs/images from the running app, on the real
// backend with real jobs. Every picture is one scene; nothing in them is arranged by hand.
import type { Page } from '@playwright/test'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { startTestBackend } from '../tests/support/backend.ts'
import { FaultProxy } from '../tests/support/fault-proxy.ts'
import { launchSignalbox } from '../tests/support/launch.ts'
import { buildIfStale } from './build.ts'
import { startDemoBackend, type BackendReady } from './demo-backend.ts'
import { createDemoProfile, writeProfiles } from './demo-profile.ts'
import { openDesktopSession } from './desktop-session.ts'
import { root } from './runtime.ts'
import { say } from './say.ts'

const images = join(root, 'docs/images')
const wide = { width: 1_440, height: 860 }
const narrow = { width: 900, height: 700 }
/** Long enough for rates, finished jobs and failures to be there. */
const settleMs = 45_000

interface Stage {
  readonly page: Page
  readonly proxy: FaultProxy
  readonly shoot: (name: string, look?: 'dark' | 'light', size?: typeof wide) => Promise<void>
  readonly signIn: () => Promise<void>
  readonly signOut: () => Promise<void>
}

async function withApp(ready: BackendReady, play: (stage: Stage) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-pictures-'))
  const proxy = await FaultProxy.start(ready.gatewayUrl)
  const here = { ...ready, supabaseUrl: proxy.url, gatewayUrl: proxy.url }
  const profileFile = writeProfiles(folder, createDemoProfile(here), null)
  const { app, window: page, close } = await launchSignalbox({ userDataDir: folder, profileFile })
  const email = ready.users[0]?.email ?? ''
  const resize = ({ width, height }: typeof wide): Promise<void> =>
    app.evaluate(
      ({ BrowserWindow }, to) => {
        BrowserWindow.getAllWindows()[0]?.setContentSize(to.width, to.height)
      },
      { width, height },
    )
  try {
    await resize(wide)
    await play({
      page,
      proxy,
      async shoot(name, look = 'dark', size = wide) {
        await page.emulateMedia({ colorScheme: look })
        await resize(size)
        await wait(700)
        await page.screenshot({ path: join(images, `${name}.png`) })
        say(`docs/images/${name}.png`)
      },
      async signIn() {
        await page.getByRole('button', { name: email }).first().click()
        await page.getByRole('button', { name: `Operator ${email}` }).waitFor()
      },
      async signOut() {
        await page.getByRole('button', { name: `Operator ${email}` }).click()
        await page.getByRole('menuitem', { name: 'Sign out', exact: true }).click()
        await page.getByRole('heading', { name: /^Signed out/ }).waitFor()
      },
    })
  } finally {
    await close()
    await proxy.stop()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Opens the pane of the job that is furthest under way, so that there is something in it. */
async function openPane(page: Page): Promise<void> {
  const bars = page.getByRole('treegrid').getByRole('progressbar')
  const texts = await Promise.all(
    (await bars.all()).map((bar) => bar.getAttribute('aria-valuenow')),
  )
  const values = texts.map(Number)
  const best = values.reduce((at, value, index) => {
    return value < 60 && value > (values[at] ?? 0) ? index : at
  }, 0)
  await bars.nth(best).click()
  await wait(8_000)
}

/** Sign-in, the desk in both looks, the narrow window, no network, and the receipt. */
async function demoScenes({ page, proxy, shoot, signIn, signOut }: Stage): Promise<void> {
  await shoot('sign-in')
  await signIn()
  await wait(settleMs)
  await shoot('desk-narrow', 'dark', narrow)
  await openPane(page)
  await shoot('desk-dark')
  await shoot('desk-light', 'light')
  proxy.mode = 'reset'
  proxy.cut()
  await page
    .getByText(/^As of/)
    .first()
    .waitFor({ timeout: 60_000 })
  await shoot('offline')
  await signOut()
  await shoot('signed-out-offline', 'light')
  proxy.mode = 'pass'
  await page.getByRole('button', { name: 'Sign in again' }).click()
  await signIn()
  await page.getByRole('progressbar').first().waitFor()
  await signOut()
  await shoot('signed-out')
}

async function withDemo(
  load: readonly string[],
  play: (stage: Stage) => Promise<void>,
): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'signalbox-pictures-data-'))
  const backend = await startDemoBackend(data, load)
  try {
    await withApp(backend.ready, play)
  } finally {
    await backend.close()
    rmSync(data, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** A backend on which nothing is scheduled. */
async function emptyScene(): Promise<void> {
  const backend = await startTestBackend({ tuning: { work: { scheduled: false } } })
  try {
    await withApp({ ...backend, users: [...backend.users] }, async ({ page, shoot, signIn }) => {
      await signIn()
      await page.getByText('No jobs yet').first().waitFor()
      await shoot('empty')
    })
  } finally {
    await backend.stop()
  }
}

const desktop = await openDesktopSession({ display: false, keyring: 'private' })
try {
  Object.assign(process.env, desktop.env)
  await buildIfStale()
  mkdirSync(images, { recursive: true })
  await withDemo([], demoScenes)
  // Two tenants share the load: each operator sees 2,000.
  await withDemo(['--load', 'jobs=4000,rate=200'], async ({ page, shoot, signIn }) => {
    await signIn()
    await page.getByRole('progressbar').first().waitFor()
    await wait(settleMs / 2)
    await shoot('jobs-2000')
  })
  await emptyScene()
} finally {
  await desktop.close()
}
process.exit()
