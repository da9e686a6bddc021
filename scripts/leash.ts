import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'

/**
 * Runs `$@` and reads its own standard input beside it: when that ends, because it was closed or
 * because the process at the other end died in whatever way, the program is asked to end too.
 */
const script = `
exec 4<&0
"$@" </dev/null 4<&- & child=$!
{ cat <&4 >/dev/null; kill "$child" 2>/dev/null; } & watch=$!
wait "$child"; code=$?
kill "$watch" 2>/dev/null
exit "$code"`

const killAfterMs = 8_000

export interface Leashed {
  /** The first line on descriptor 3, which is how daemons tell that they are ready. */
  readonly told: Promise<string>
  /** The exit code. */
  readonly ended: Promise<number>
  readonly end: () => Promise<number>
}

export interface LeashOptions {
  readonly env: NodeJS.ProcessEnv
  readonly cwd?: string
  /** Whether what the program writes is seen; a daemon's is not. */
  readonly output: 'inherit' | 'ignore'
}

/** Starts a program that cannot outlive us. */
export function leash(command: readonly string[], options: LeashOptions): Leashed {
  const { env, output, cwd } = options
  const [program = '', ...args] =
    process.platform === 'win32' ? command : ['sh', '-c', script, 'leash', ...command]
  const child = spawn(program, args, {
    env,
    ...(cwd !== undefined && { cwd }),
    stdio: ['pipe', output, output, 'pipe'],
    // Its own process group: Ctrl+C is for us, and we end it when its turn comes.
    detached: process.platform !== 'win32',
  })
  const ended = new Promise<number>((resolve) => {
    child.once('exit', (code) => resolve(code ?? 1))
    child.once('error', () => resolve(127))
  })
  return {
    told: firstLine(child, command[0] ?? ''),
    ended,
    end: () => endGently(child, ended),
  }
}

async function endGently(child: ChildProcess, ended: Promise<number>): Promise<number> {
  if (process.platform === 'win32') child.kill()
  else child.stdin?.end()
  const timer = setTimeout(() => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }, killAfterMs)
  const code = await ended
  clearTimeout(timer)
  return code
}

function firstLine(child: ChildProcess, name: string): Promise<string> {
  const pipe = child.stdio[3] as Readable
  const told = new Promise<string>((resolve, reject) => {
    let text = ''
    pipe.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (text.includes('\n')) resolve(text.split('\n')[0] ?? '')
    })
    pipe.on('close', () => reject(new Error(`${name} ended before it was ready`)))
    child.once('error', reject)
  })
  // Not everybody waits to be told.
  told.catch(() => {})
  return told
}
