import { failed, succeeded } from '../shared/failure.ts'
import type { Outcome } from '../shared/failure.ts'

/** What the operator may say when starting the app. The last of a repeated flag counts. */
export interface CommandLine {
  /** `--profile-file FILE`: one profile or several as JSON, shown but not editable. */
  readonly profileFile: string | null
  /** `--user-data-dir DIR`: where this app keeps its files; another folder is another app. */
  readonly userDataDir: string | null
  /** `--no-demo`: profiles marked as demo are left out. */
  readonly demo: boolean
  /** `--ipc-trace FILE`: every message between the window and main, one JSON line each. */
  readonly ipcTrace: string | null
}

const withValue = ['--profile-file', '--user-data-dir', '--ipc-trace'] as const
type ValueFlag = (typeof withValue)[number]

/**
 * Reads our own flags, as `--flag VALUE` or `--flag=VALUE`, and leaves every other one to Electron
 * and Chromium.
 */
export function parseCommandLine(args: readonly string[]): Outcome<CommandLine> {
  const values = new Map<ValueFlag, string>()
  let demo = true
  for (let index = 0; index < args.length; index += 1) {
    const [flag, inline] = split(args[index] ?? '')
    if (flag === '--') break
    if (flag === '--no-demo') demo = false
    if (!isValueFlag(flag)) continue
    // A following flag is not a value: `--profile-file --no-demo` forgot its file.
    const next = args[index + 1]
    const value = inline ?? (next?.startsWith('--') === true ? undefined : next)
    if (value === undefined || value === '') return invalid(flag, 'needs a value after it')
    if (inline === undefined) index += 1
    values.set(flag, value)
  }
  return succeeded({
    profileFile: values.get('--profile-file') ?? null,
    userDataDir: values.get('--user-data-dir') ?? null,
    ipcTrace: values.get('--ipc-trace') ?? null,
    demo,
  })
}

/** One sentence that names the flag. */
export function invalid(flag: string, why: string): Outcome<never> {
  return failed('argument_invalid', `${flag} ${why}.`, { field: flag })
}

function split(arg: string): readonly [string, string | undefined] {
  const at = arg.indexOf('=')
  return arg.startsWith('--') && at !== -1
    ? [arg.slice(0, at), arg.slice(at + 1)]
    : [arg, undefined]
}

function isValueFlag(flag: string): flag is ValueFlag {
  return (withValue as readonly string[]).includes(flag)
}
