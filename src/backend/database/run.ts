import { spawn } from 'node:child_process'

export interface Command {
  readonly program: string
  readonly args: readonly string[]
  /** Who runs it, where that is somebody else than us. */
  readonly identity: { readonly uid: number; readonly gid: number } | null
}

export interface CommandResult {
  readonly code: number | null
  readonly output: string
}

/** Runs a program to its end or the signal's; one that cannot be started is a result, too. */
export function run(command: Command, signal?: AbortSignal): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(command.program, command.args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: postgresEnvironment(),
      ...command.identity,
      ...(signal === undefined ? {} : { signal }),
    })
    let output = ''
    const collect = (chunk: Buffer): void => {
      output += chunk.toString('utf8')
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.on('error', (error) => resolve({ code: null, output: error.message }))
    child.on('close', (code) => resolve({ code, output }))
  })
}

/** Messages in English, so that the ready line is recognised; no PG* variable of the user's. */
export function postgresEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(
    ([name]) => !/^(PG|LC_|LANG|NODE_OPTIONS|SUPABASE_)/.test(name),
  )
  return { ...Object.fromEntries(entries), LC_ALL: 'C', TZ: 'UTC' }
}
