import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../src/backend/database/free-port.ts'

/** A real Redis of the test's own, on a free port of this machine, which keeps nothing. */
export interface TestRedis {
  readonly url: string
  /** As a crash: no goodbye. */
  readonly kill: () => Promise<void>
  /** Again, empty, at the same address. */
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
}

export async function startTestRedis(): Promise<TestRedis> {
  const dir = await mkdtemp(join(tmpdir(), 'signalbox-test-redis-'))
  const port = await freePort()
  let child: ChildProcess | null = null
  const start = async (): Promise<void> => {
    child = await run(port, dir)
  }
  const kill = async (): Promise<void> => {
    if (child === null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    child = null
    await gone
  }
  await start()
  const stop = async (): Promise<void> => {
    await kill()
    await rm(dir, { recursive: true, force: true })
  }
  return { url: `redis://127.0.0.1:${port}`, start, kill, stop }
}

async function run(port: number, dir: string): Promise<ChildProcess> {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', dir]
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  let words = ''
  child.once('error', reject)
  child.once('exit', () => reject(new Error(`redis-server did not start: ${words.slice(-300)}`)))
  child.stdout.on('data', (chunk: Buffer) => {
    words += chunk.toString('utf8')
    if (words.includes('Ready to accept connections')) resolve(undefined)
  })
  await promise
  return child
}
