import { spawn, type ChildProcess } from 'node:child_process'
import { accessSync, constants, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { CommandLine } from '../api/command-line.ts'
import { Cdp } from './cdp.ts'

/** Debian's /usr/bin/chromium is a script that adds extensions and flags; the program comes first. */
const places = [
  '/usr/lib/chromium/chromium',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]

const baseSwitches = [
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-default-apps',
  '--disable-extensions',
  '--disable-quic',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-breakpad',
  '--disable-domain-reliability',
  '--disable-client-side-phishing-detection',
  '--disable-back-forward-cache',
  '--disable-hang-monitor',
  '--metrics-recording-only',
  '--no-service-autorun',
  '--deny-permission-prompts',
  // Never the operator's keyring.
  '--password-store=basic',
  '--use-mock-keychain',
  // The window has no network, whatever slips past request interception.
  '--host-resolver-rules=MAP * ~NOTFOUND',
  // Every frame stays in the process of its page, so that one session sees all of them.
  '--disable-site-isolation-trials',
]
const disabledFeatures = ['IsolateSandboxedIframes', 'Translate', 'MediaRouter']

export function findChromium(): string {
  const asked = process.env.ELECTRON_STAND_IN_CHROMIUM
  const found = (asked === undefined ? places : [asked]).find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
  if (found === undefined) throw new Error('no Chromium found: install the package "chromium"')
  return found
}

/** One empty profile folder a run, below the app's own data; those of dead runs are removed. */
function createProfileFolder(userData: string): string {
  mkdirSync(userData, { recursive: true, mode: 0o700 })
  const prefix = 'stand-in-chromium-'
  for (const name of readdirSync(userData).filter((each) => each.startsWith(prefix))) {
    const pid = Number(name.slice(prefix.length).split('-')[0])
    try {
      process.kill(pid, 0)
    } catch {
      rmSync(join(userData, name), { recursive: true, force: true })
    }
  }
  return mkdtempSync(join(userData, `${prefix}${process.pid}-`))
}

export interface ChromiumOptions {
  readonly userData: string
  readonly commandLine: CommandLine
  /** A window on the screen instead of a headless one. */
  readonly visible: boolean
  readonly size: { readonly width: number; readonly height: number }
}

/** Owns the browser process and its profile folder. Knows nothing of windows. */
export class Chromium {
  readonly cdp: Cdp
  readonly exited: Promise<number>
  /** Its last lines, for a report when it dies. */
  readonly lastLines: string[] = []
  readonly #child: ChildProcess
  readonly #folder: string

  constructor(options: ChromiumOptions) {
    this.#folder = createProfileFolder(options.userData)
    const args = switches(options, this.#folder)
    this.#child = spawn(findChromium(), args, {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
      // Its crash folder would otherwise be made in the operator's own ~/.config.
      env: { ...process.env, CHROME_CONFIG_HOME: this.#folder },
    })
    this.exited = new Promise((resolve) => {
      this.#child.once('error', () => resolve(127))
      this.#child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 0 : 128)))
    })
    this.#relay()
    const [, , , write, read] = this.#child.stdio
    this.cdp = new Cdp(write as Writable, read as Readable)
  }

  /** Waits up to 2 s for an orderly end. */
  async close(): Promise<void> {
    this.cdp.root.tell('Browser.close')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 2_000)
    await this.exited
    clearTimeout(timer)
    this.#forget()
  }

  /** For the moment when nothing can be awaited any more. */
  kill(): void {
    this.#child.kill('SIGKILL')
    this.#forget()
  }

  #forget(): void {
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3, retryDelay: 50 })
  }

  #relay(): void {
    const loud = process.env.ELECTRON_ENABLE_LOGGING !== undefined
    createInterface({ input: this.#child.stderr! }).on('line', (line) => {
      this.lastLines.push(line)
      if (this.lastLines.length > 10) this.lastLines.shift()
      // Playwright reads this line from the app's own stderr.
      if (loud || line.startsWith('DevTools listening on ')) process.stderr.write(`${line}\n`)
    })
  }
}

function switches(options: ChromiumOptions, folder: string): string[] {
  const { commandLine, visible, size } = options
  const features = [
    ...disabledFeatures,
    ...commandLine.getSwitchValue('disable-features').split(','),
  ]
  const own = [
    ...baseSwitches,
    `--disable-features=${features.filter(Boolean).join(',')}`,
    `--user-data-dir=${folder}`,
    `--window-size=${size.width},${size.height}`,
    '--remote-debugging-pipe',
    // In app style a person sees no tab strip and no address bar.
    ...(visible
      ? ['--class=Signalbox', '--app=data:text/html,<title>Signalbox</title>']
      : ['--headless=new', '--no-startup-window']),
  ]
  if (process.getuid?.() === 0) own.push('--no-sandbox')
  const taken = new Set(own.map((each) => each.split('=')[0]))
  return [...own, ...commandLine.forChromium().filter((each) => !taken.has(each.split('=')[0]))]
}
