import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'

const program = join(import.meta.dirname, '../../../src/backend/main.ts')

const readySchema = z.strictObject({
  supabaseUrl: z.url(),
  gatewayUrl: z.url(),
  publishableKey: z.string().startsWith('sb_publishable_'),
  users: z
    .array(
      z.strictObject({
        email: z.email(),
        password: z.string(),
        label: z.string(),
        tenantId: z.string(),
      }),
    )
    .length(3),
})

let dir: string
const children: ChildProcess[] = []

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'signalbox-test-process-'))
})
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
  }
  await rm(dir, { recursive: true, force: true })
})

interface Started {
  readonly child: ChildProcess
  readonly out: string[]
  readonly ended: Promise<{ code: number | null; err: string }>
  readonly ready: Promise<z.infer<typeof readySchema>>
}

function start(args: readonly string[], env: Record<string, string> = {}): Started {
  // Free ports: other tests run beside this one.
  const free = ['--port', '0', '--db-port', '0']
  const child = spawn(process.execPath, [program, ...free, '--data', dir, ...args], {
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, SUPABASE_JWT_SECRET: undefined, ...env },
  })
  children.push(child)
  const out: string[] = []
  let err = ''
  const lines = createInterface({ input: child.stdout! })
  lines.on('line', (line) => out.push(line))
  child.stderr!.on('data', (chunk: Buffer) => (err += chunk.toString('utf8')))
  // Not `close`: Node never emits it once the parent itself has closed the IPC channel.
  const ended = Promise.all([once(child, 'exit'), once(child.stderr!, 'end')]).then(([[code]]) => ({
    code: code as number | null,
    err,
  }))
  const ready = Promise.race([
    once(lines, 'line').then(([line]) => readySchema.parse(JSON.parse(line as string))),
    ended.then((ending): never => {
      throw new Error(`ended instead: ${JSON.stringify(ending)}`)
    }),
  ])
  ready.catch(() => undefined)
  return { child, out, ended, ready }
}

async function postgresIsGone(): Promise<boolean> {
  const text = await readFile(join(dir, 'db', 'postmaster.pid'), 'utf8').catch(() => null)
  if (text === null) return true
  try {
    return !process.kill(Number(text.split('\n')[0]), 0)
  } catch {
    return true
  }
}

describe('the backend as a program', () => {
  it('says one line when it is ready, and goes down cleanly within 2 s', async () => {
    const { child, out, ready, ended } = start([])
    const { supabaseUrl, publishableKey, users } = await ready
    const headers = { apikey: publishableKey, authorization: `Bearer ${publishableKey}` }
    const { email, password } = users[0]!
    const response = await fetch(`${supabaseUrl}/auth/v1/token?grant_type=password`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ email, password }),
    })
    expect(response.status).toBe(200)
    const health = await (await fetch(`${supabaseUrl}/health`)).json()
    expect(health).toMatchObject({ status: 'ok', database: 'up' })
    const askedAt = performance.now()
    child.kill('SIGTERM')
    const { code, err } = await ended
    expect(performance.now() - askedAt).toBeLessThan(2_000)
    expect(code).toBe(0)
    expect(out).toHaveLength(1)
    expect(err).not.toContain(password)
    expect(await postgresIsGone()).toBe(true)
  })

  it.each([
    ['standard input ends', (child: ChildProcess) => child.stdin!.end()],
    ['the IPC channel closes', (child: ChildProcess) => child.disconnect()],
    ['SIGINT comes', (child: ChildProcess) => child.kill('SIGINT')],
  ])('stops when %s', async (_what, leave) => {
    const { child, ready, ended } = start(['--follow-parent'])
    await ready
    leave(child)
    expect((await ended).code).toBe(0)
    expect(await postgresIsGone()).toBe(true)
  })

  it('starts again over the folder of one that was killed', async () => {
    const first = start([])
    const before = await first.ready
    first.child.kill('SIGKILL')
    await first.ended
    const second = start([])
    const after = await second.ready
    expect(after.users).toEqual(before.users)
    second.child.kill('SIGTERM')
    expect((await second.ended).code).toBe(0)
  })

  it('refuses what cannot work with one sentence, before anything is started', async () => {
    const config = join(dir, 'config.toml')
    await writeFile(config, '[auth]\njwt_expiry = 0\n')
    const cases = [
      start(['--config', config]),
      start(['--load', 'lots']),
      start([], { SUPABASE_JWT_SECRET: 'short' }),
    ]
    const endings = await Promise.all(cases.map(({ ended }) => ended))
    expect(endings.map(({ code }) => code)).toEqual([2, 2, 2])
    expect(endings.map(({ err }) => err.trim().split('\n').length)).toEqual([1, 1, 1])
    const names = ['auth.jwt_expiry', '--load', 'SUPABASE_JWT_SECRET']
    for (const [nth, { err }] of endings.entries()) expect(err).toContain(names[nth])
    expect(cases.flatMap(({ out }) => out)).toEqual([])
  })

  it('names a port that is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const { code, err } = await start(['--port', String(port)]).ended
    taken.close()
    expect(code).toBe(2)
    expect(err).toContain(`--port ${port} is in use`)
    expect(await postgresIsGone()).toBe(true)
  })
})
