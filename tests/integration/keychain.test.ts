import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const script = fileURLToPath(new URL('../support/scripted-keychain.ts', import.meta.url))
const tools = ['dbus-run-session', 'gnome-keyring-daemon', 'secret-tool']

let home: string

beforeAll(() => {
  const missing = tools.filter((tool) => spawnSync('which', [tool]).status !== 0)
  if (process.platform === 'linux' && missing.length > 0) {
    throw new Error(
      `${missing.join(', ')} missing; run: apt-get install -y dbus gnome-keyring libsecret-tools`,
    )
  }
})
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'signalbox-keyring-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

type Call = readonly ['read' | 'erase', string] | readonly ['write', string, string]
type Bus = 'unlocked' | 'locked' | 'none'

interface Outcome {
  readonly answers: readonly unknown[]
  readonly armed: number
  /** What another program finds under our service. */
  readonly seen: string
}

const unlock = 'printf secret | gnome-keyring-daemon --unlock --components=secrets >/dev/null'
const look = 'secret-tool search --all service Signalbox 2>&1'

/** The calls, as the app makes them, on a session bus and a keyring of the test's own. */
async function inSession(bus: Bus, calls: readonly Call[]): Promise<Outcome> {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: home,
    XDG_DATA_HOME: join(home, 'data'),
    XDG_RUNTIME_DIR: join(home, 'run'),
    LIBSECRET_BACKEND: 'secret-service',
    CALLS: JSON.stringify(calls),
    FOLDER: join(home, 'app'),
  }
  const app = `"${process.execPath}" "${script}" "$FOLDER" "$CALLS"`
  const prepare = 'mkdir -p "$XDG_DATA_HOME" "$XDG_RUNTIME_DIR" && chmod 700 "$XDG_RUNTIME_DIR"'
  const inside = [...(bus === 'unlocked' ? [unlock] : []), app, 'echo ---', `${look} || true`]
  const [command, args] =
    bus === 'none'
      ? ['bash', ['-ec', `${prepare} && ${app} && echo ---`]]
      : ['bash', ['-ec', `${prepare} && exec dbus-run-session -- bash -ec '${inside.join('; ')}'`]]
  const { stdout } = await run(command, args, { env, timeout: 25_000 })
  const [answered = '', seen = ''] = stdout.split('---\n')
  return { ...(JSON.parse(answered) as Omit<Outcome, 'seen'>), seen }
}

const account = 'session.test'
const text = JSON.stringify({ access_token: 'x'.repeat(1_000), refresh_token: 'k3v9q2m7x1zt' })

describe.runIf(process.platform === 'linux')('a real keyring', { timeout: 30_000 }, () => {
  it('that is unlocked takes an entry, which secret-tool sees under Signalbox', async () => {
    const { answers, armed, seen } = await inSession('unlocked', [
      ['read', account],
      ['write', account, text],
      ['read', account],
    ])
    expect(answers).toEqual(['keychain', 'absent', 'done', { present: text }])
    expect(armed).toBe(0)
    expect(seen).toContain('attribute.service = Signalbox')
    expect(seen).toMatch(/attribute\.account = [0-9a-f]{8}\.session\.test/)
  })

  it('that is locked reads as locked, neither erases nor takes anything, and loses nothing', async () => {
    await inSession('unlocked', [['write', account, text]])
    const locked = await inSession('locked', [
      ['read', account],
      ['erase', account],
      ['write', account, 'other'],
      ['read', 'session.never-stored'],
    ])
    expect(locked.answers).toEqual(['keychain', 'locked', 'locked', 'locked', 'absent'])
    const after = await inSession('unlocked', [['read', account]])
    expect(after.answers).toEqual(['keychain', { present: text }])
  })

  it('loses an entry for good when told to: secret-tool sees none', async () => {
    const { answers, seen } = await inSession('unlocked', [
      ['write', account, text],
      ['erase', account],
      ['read', account],
      ['erase', account],
    ])
    expect(answers).toEqual(['keychain', 'done', 'done', 'absent', 'done'])
    expect(seen).not.toContain('Signalbox')
  })

  it('without a bus is no keychain: memory, and said so', async () => {
    const { answers } = await inSession('none', [
      ['read', account],
      ['write', account, text],
      ['read', account],
      ['erase', account],
    ])
    expect(answers).toEqual(['memory', 'absent', 'done', { present: text }, 'done'])
  })
})
