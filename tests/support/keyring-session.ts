import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { KeychainReport } from './scripted-keychain.ts'

const run = promisify(execFile)
const script = fileURLToPath(new URL('scripted-keychain.ts', import.meta.url))
const tools = ['dbus-run-session', 'gnome-keyring-daemon', 'secret-tool']

export type KeychainCall = readonly ['read' | 'erase', string] | readonly ['write', string, string]
/** `hung`: it is there, unlocked, and answers nobody any more. */
export type Bus = 'unlocked' | 'locked' | 'hung' | 'none'

export interface KeyringOutcome extends KeychainReport {
  /** What another program finds under our service. */
  readonly seen: string
}

const unlock = 'printf secret | gnome-keyring-daemon --unlock --components=secrets >/dev/null'
const look = 'secret-tool search --all service Signalbox 2>&1'
/** Asking for something makes sure that the daemon has its name on the bus. */
const findDaemon =
  'secret-tool search service nobody >/dev/null 2>&1 || true; reply=$(dbus-send --session --print-reply=literal --dest=org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus.GetConnectionUnixProcessID string:org.freedesktop.secrets); daemon=${reply##* }'

/** A computer with a keyring of its own: a home folder in which nothing else is. */
export class KeyringHome {
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  /** @throws Error that says what to install, where something is missing. */
  static async make(): Promise<KeyringHome> {
    const missing = tools.filter((tool) => spawnSync('which', [tool]).status !== 0)
    if (missing.length > 0) {
      throw new Error(
        `${missing.join(', ')} missing; run: apt-get install -y dbus gnome-keyring libsecret-tools`,
      )
    }
    return new KeyringHome(await mkdtemp(join(tmpdir(), 'signalbox-keyring-')))
  }

  /** The calls, as the app makes them, on a session bus and a keyring of this home. */
  async inSession(bus: Bus, calls: readonly KeychainCall[]): Promise<KeyringOutcome> {
    const env = {
      PATH: process.env.PATH ?? '',
      HOME: this.folder,
      XDG_DATA_HOME: join(this.folder, 'data'),
      XDG_RUNTIME_DIR: join(this.folder, 'run'),
      LIBSECRET_BACKEND: 'secret-service',
      CALLS: JSON.stringify(calls),
      FOLDER: join(this.folder, 'app'),
      // Nobody waits for a daemon that will not answer; how long it was meant to take is told.
      ...(bus === 'hung' && { KEYCHAIN_HURRY: '50' }),
    }
    const app = `"${process.execPath}" "${script}" "$FOLDER" "$CALLS"`
    const prepare = 'mkdir -p "$XDG_DATA_HOME" "$XDG_RUNTIME_DIR" && chmod 700 "$XDG_RUNTIME_DIR"'
    const inside: Record<Bus, string[]> = {
      unlocked: [unlock, app, 'echo ---', `${look} || true`],
      locked: [app, 'echo ---', `${look} || true`],
      hung: [
        unlock,
        findDaemon,
        'kill -STOP $daemon',
        `${app} || true`,
        'kill -KILL $daemon',
        'echo ---',
      ],
      none: [app, 'echo ---'],
    }
    const session = bus === 'none' ? 'exec' : 'exec dbus-run-session --'
    const command = `${prepare} && ${session} bash -ec '${inside[bus].join('; ')}'`
    const { stdout } = await run('bash', ['-ec', command], { env, timeout: 25_000 })
    const [answered = '', seen = ''] = stdout.split('---\n')
    return { ...(JSON.parse(answered) as KeychainReport), seen }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }
}
