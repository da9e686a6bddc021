import { _electron, type ElectronApplication, type Page } from '@playwright/test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findRuntime, root } from '../../scripts/runtime.ts'

export interface LaunchOptions {
  /** A temporary one, removed at close, when it is not given. */
  readonly userDataDir?: string
  readonly profileFile?: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Folder of another app than Signalbox. */
  readonly appFolder?: string
}

export interface Launched {
  readonly app: ElectronApplication
  /** The first window, its page loaded. */
  readonly window: Page
  readonly userDataDir: string
  /** What the app wrote to stdout since it was ready. */
  readonly stdout: () => string
  /** What it wrote to stderr since then; Node's and Chromium's own lines are part of it. */
  readonly stderr: () => string
  readonly close: () => Promise<void>
}

/** Nothing of the developer's own session reaches the app by accident. */
function environment(extra: LaunchOptions['env']): Record<string, string> {
  const own = Object.entries(process.env).filter((entry): entry is [string, string] => {
    return entry[1] !== undefined && !/^(CI|NODE_OPTIONS|npm_.*)$/.test(entry[0])
  })
  return { ...Object.fromEntries(own), ELECTRON_STAND_IN_HEADLESS: '1', ...extra }
}

/** Starts the built bundles, real Electron or stand-in, through Playwright as it comes. */
export async function launchSignalbox(options: LaunchOptions = {}): Promise<Launched> {
  const runtime = findRuntime()
  // Playwright asks the electron package for the binary, and that package asks this variable.
  Object.assign(process.env, runtime.env)
  const isTemporary = options.userDataDir === undefined
  const userDataDir = options.userDataDir ?? mkdtempSync(join(tmpdir(), 'signalbox-e2e-'))
  const profile = options.profileFile === undefined ? [] : ['--profile-file', options.profileFile]
  const app = await _electron.launch({
    args: [
      options.appFolder ?? root,
      ...profile,
      `--user-data-dir=${userDataDir}`,
      ...(options.args ?? []),
    ],
    cwd: root,
    env: environment({ ...runtime.env, ...options.env }),
    // Playwright would force the light scheme on every page.
    colorScheme: null,
  })
  const output = { stdout: '', stderr: '' }
  app.process().stdout?.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()))
  app.process().stderr?.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()))
  const window = await app.firstWindow()
  // A window begins with an empty page.
  await window.waitForURL((url) => url.protocol !== 'about:')
  return {
    app,
    window,
    userDataDir,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    async close() {
      await app.close()
      if (isTemporary) rmSync(userDataDir, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}
