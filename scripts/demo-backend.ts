import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { z } from 'zod'
import { root } from './runtime.ts'

/** The one line that a backend prints when it is ready. */
const readySchema = z.object({
  supabaseUrl: z.string(),
  gatewayUrl: z.string(),
  publishableKey: z.string(),
  users: z.array(
    z.object({ email: z.string(), password: z.string(), label: z.string(), tenantId: z.string() }),
  ),
})
export type BackendReady = z.infer<typeof readySchema>

export interface DemoBackend {
  readonly ready: BackendReady
  /** Settles when it ends without being asked, with its last words. */
  readonly lost: Promise<string>
  readonly close: () => Promise<void>
}

const startLimitMs = 120_000
const stopLimitMs = 5_000

/** Starts the reference backend as a child that ends when we do, in whatever way. */
export async function startDemoBackend(
  dataDir: string,
  more: readonly string[] = [],
): Promise<DemoBackend> {
  const ports = ['--port', '0', '--db-port', '0']
  const settings = ['--config', 'resources/supabase/config.toml', '--data', dataDir]
  const args = ['src/backend/main.ts', ...ports, ...settings, '--follow-parent', ...more]
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: demoEnvironment(process.env),
    stdio: ['pipe', 'pipe', 'pipe'],
    // Not in our process group: Ctrl+C is for us, and the app ends first.
    detached: process.platform !== 'win32',
  })
  const lastLines: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => {
    lastLines.push(line)
    if (lastLines.length > 12) lastLines.shift()
  })
  let closing = false
  const ended = once(child, 'close').then(([code]: unknown[]) => {
    return `the demo backend ended with code ${String(code)}:\n${lastLines.join('\n')}`
  })
  const ready = await Promise.race([
    readReady(child.stdout),
    ended.then((words) => Promise.reject(new Error(words))),
    timeout(startLimitMs).then(() => {
      child.kill('SIGKILL')
      throw new Error(`the demo backend was not ready in ${startLimitMs / 1_000} s`)
    }),
  ])
  return {
    ready,
    lost: new Promise((resolve) => {
      void ended.then((words) => {
        if (!closing) resolve(words)
      })
    }),
    async close() {
      closing = true
      await stop(child, ended)
    },
  }
}

const foreign =
  /^(?:SUPABASE_|SIGNALBOX_(?:MODE|JOBS)$|DATABASE_(?:URL|CA_FILE)$|REDIS_URL$|PUBLIC_URL$|TENANT_CLAIM$)/

/** Without what the operator's shell says of real projects: the demo must not reach into them. */
export function demoEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !foreign.test(name)))
}

async function readReady(stdout: Readable): Promise<BackendReady> {
  for await (const line of createInterface({ input: stdout })) {
    if (!line.startsWith('{')) continue
    // Whatever else it might print later must not fill the pipe.
    stdout.resume()
    return readySchema.parse(JSON.parse(line))
  }
  return new Promise(() => {})
}

async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.stdin?.end()
  const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs)
  await ended
  clearTimeout(timer)
}

const timeout = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms).unref())

export const demoDataDir = (userDataDir: string): string => join(userDataDir, 'demo-backend')
