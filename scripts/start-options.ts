import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

export interface StartOptions {
  readonly demo: boolean
  readonly userDataDir: string | null
  readonly profileFile: string | null
  /** Where to write a picture of the demo, instead of leaving the window open. */
  readonly screenshot: string | null
  /** `jobs=N,rate=M`: more work for the demo backend. */
  readonly load: string | null
  /** Everything else, which is the app's. */
  readonly rest: readonly string[]
}

const ours = ['--user-data-dir', '--profile-file', '--screenshot', '--load'] as const
type Ours = (typeof ours)[number]

const isOurs = (flag: string): flag is Ours => (ours as readonly string[]).includes(flag)

/**
 * Takes out of the operator's line what the launcher must know; paths become absolute.
 * @throws Error, naming the flag that has no value.
 */
export function parseStartOptions(args: readonly string[]): StartOptions {
  const values = new Map<Ours, string>()
  const rest: string[] = []
  let demo = true
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? ''
    const [flag = '', inline] = arg.startsWith('--') ? arg.split(/=(.*)/s) : [arg]
    if (flag === '--no-demo') demo = false
    else if (!isOurs(flag)) rest.push(arg)
    else {
      const value = inline ?? args[(at += 1)]
      if (!value || value.startsWith('--')) throw new Error(`${flag} needs a value after it`)
      values.set(flag, flag === '--load' ? value : resolve(value))
    }
  }
  return {
    demo,
    userDataDir: values.get('--user-data-dir') ?? null,
    profileFile: values.get('--profile-file') ?? null,
    screenshot: values.get('--screenshot') ?? null,
    load: values.get('--load') ?? null,
    rest,
  }
}

/** Where the demo keeps its data: beside an installed Signalbox, never inside its folder. */
export function demoUserDataDir(): string {
  const home = homedir()
  const name = 'Signalbox Demo'
  if (process.platform === 'darwin') return join(home, 'Library/Application Support', name)
  if (process.platform === 'win32') {
    return join(process.env.APPDATA ?? join(home, 'AppData/Roaming'), name)
  }
  return join(process.env.XDG_CONFIG_HOME ?? join(home, '.config'), name)
}
