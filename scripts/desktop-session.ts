// Owns what a desktop would give to an app: a display, a session bus, an unlocked keyring. Makes
// only what is missing, in private, and takes it down again. It never touches the user's keyring.
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { leash, type Leashed } from './leash.ts'

export interface DesktopWishes {
  /** A display where none is there. */
  readonly display: boolean
  /**
   * `missing`: a private keyring only where there is no session bus.
   * `private`: always, so that tests never see the user's own.
   */
  readonly keyring: 'missing' | 'private'
}

export interface DesktopSession {
  /** To be added to the environment of the app. */
  readonly env: Readonly<Record<string, string>>
  /** What was made and what that means, one sentence each. */
  readonly notes: readonly string[]
  readonly close: () => Promise<void>
}

/** Set inside a session with a private keyring, so that a nested one is not made. */
const insideMark = 'SIGNALBOX_PRIVATE_KEYRING'
const screenSize = '1600x1000x24'
const keyringWaitMs = 5_000

const run = promisify(execFile)

export async function openDesktopSession(wishes: DesktopWishes): Promise<DesktopSession> {
  const session = new PrivateDesktop()
  if (process.platform !== 'linux') return session
  try {
    const hasDisplay = Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY)
    if (wishes.display && !hasDisplay) await session.openDisplay()
    const hasBus = Boolean(process.env.DBUS_SESSION_BUS_ADDRESS)
    const isInside = process.env[insideMark] === '1'
    if (!hasBus || (wishes.keyring === 'private' && !isInside)) await session.openKeyring()
  } catch (error) {
    await session.close()
    throw error
  }
  return session
}

class PrivateDesktop implements DesktopSession {
  readonly env: Record<string, string> = {}
  readonly notes: string[] = []
  readonly #leashed: Leashed[] = []
  #folder: string | null = null

  async openDisplay(): Promise<void> {
    const authority = join(this.#make(), 'xauthority')
    const cookie = randomBytes(16)
    writeFileSync(authority, xauthority(cookie), { mode: 0o600 })
    const command = ['Xvfb', '-displayfd', '3', '-screen', '0', screenSize]
    const xvfb = leash([...command, '-nolisten', 'tcp', '-auth', authority], {
      env: process.env,
      output: 'ignore',
    })
    this.#leashed.push(xvfb)
    this.env.DISPLAY = `:${await xvfb.told}`
    this.env.XAUTHORITY = authority
    this.notes.push('no display: the window is drawn into Xvfb, where nobody sees it')
  }

  async openKeyring(): Promise<void> {
    const folder = this.#make()
    // Whatever the bus starts by itself keeps its files here as well.
    const home = join(folder, 'home')
    mkdirSync(home, { mode: 0o700 })
    const own = { HOME: home, XDG_DATA_HOME: home, XDG_RUNTIME_DIR: folder }
    const env = { ...process.env, ...own, DISPLAY: undefined }
    const address = `--address=unix:path=${join(folder, 'bus')}`
    const options = ['--session', '--nofork', '--nopidfile', '--print-address=3', address]
    const bus = leash(['dbus-daemon', ...options], { env, output: 'ignore' })
    this.#leashed.push(bus)
    const busEnv = { DBUS_SESSION_BUS_ADDRESS: await bus.told }
    await startKeyring(folder, { ...env, ...busEnv })
    Object.assign(this.env, busEnv, { [insideMark]: '1' })
    this.notes.push('no desktop session: the keychain lasts for this run')
  }

  async close(): Promise<void> {
    for (const each of this.#leashed.splice(0).reverse()) await each.end()
    if (this.#folder !== null) rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 })
    this.#folder = null
  }

  #make(): string {
    this.#folder ??= mkdtempSync(join(tmpdir(), 'signalbox-desktop-'))
    return this.#folder
  }
}

/** The daemon ends by itself when its bus does. The password is drawn here and kept nowhere. */
async function startKeyring(folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  const args = ['--foreground', '--unlock', '--components=secrets', `--control-directory=${folder}`]
  const daemon = spawn('gnome-keyring-daemon', args, {
    env,
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  await once(daemon, 'spawn')
  daemon.unref()
  daemon.stdin.end(randomBytes(32).toString('base64'))
  await waitForSecrets(daemon, env)
}

async function waitForSecrets(daemon: ChildProcess, env: NodeJS.ProcessEnv): Promise<void> {
  const deadline = performance.now() + keyringWaitMs
  const question = 'org.freedesktop.DBus.NameHasOwner'
  const args = ['--session', '--print-reply', '--dest=org.freedesktop.DBus', '/', question]
  while (performance.now() < deadline && daemon.exitCode === null) {
    const { stdout } = await run('dbus-send', [...args, 'string:org.freedesktop.secrets'], { env })
    if (stdout.includes('boolean true')) return
    await wait(30)
  }
  throw new Error('gnome-keyring-daemon did not come up on its private session bus')
}

/** An Xauthority file with one cookie for any address and display (FamilyWild). */
function xauthority(cookie: Buffer): Buffer {
  const counted = (bytes: Buffer): Buffer => {
    const length = Buffer.alloc(2)
    length.writeUInt16BE(bytes.length)
    return Buffer.concat([length, bytes])
  }
  const none = Buffer.alloc(0)
  const name = Buffer.from('MIT-MAGIC-COOKIE-1')
  return Buffer.concat([Buffer.from([0xff, 0xff]), ...[none, none, name, cookie].map(counted)])
}
