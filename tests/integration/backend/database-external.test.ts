import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startBackend, type Backend } from '../../../src/backend/backend.ts'
import { parseConfig } from '../../../src/backend/config.ts'
import { ConfigError } from '../../../src/backend/config-error.ts'
import { startCluster, type Cluster } from '../../../src/backend/database/cluster.ts'
import { openDatabase } from '../../../src/backend/database/pool.ts'
import { createLog } from '../../../src/backend/log.ts'
import { AuthCaller } from '../../support/auth-caller.ts'

const password = 'of-a-server-that-is-thrown-away'
const lines: string[] = []
const log = createLog('external', (line) => void lines.push(line))

let dir: string
let cluster: Cluster
const backends: Backend[] = []

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'signalbox-test-external-'))
  cluster = await startCluster({
    dir: join(dir, 'server'),
    password,
    port: 0,
    durable: false,
    fresh: false,
    settings: { wal_level: 'replica' },
    log,
  })
})
afterEach(async () => {
  for (const backend of backends.splice(0)) await backend.close()
})
afterAll(async () => {
  await cluster.stop()
  await rm(dir, { recursive: true, force: true })
})

async function start(database = 'postgres', user = `postgres:${password}`): Promise<Backend> {
  const { config } = parseConfig({
    args: ['--port', '0', '--data', join(dir, 'data')],
    env: { DATABASE_URL: `postgresql://${user}@127.0.0.1:${cluster.port}/${database}` },
    readFile: () => '',
  })
  const backend = await startBackend({ config, log, throwaway: true, idle: true })
  backends.push(backend)
  return backend
}

async function health(backend: Backend): Promise<unknown> {
  return (await fetch(`${backend.supabaseUrl}/health`)).json()
}

describe('a PostgreSQL by DATABASE_URL', () => {
  it('gets the same schema, and keeps users and sessions over a restart', async () => {
    const before = await start()
    const session = await new AuthCaller(before).signIn()
    await backends.pop()!.close()
    const after = await start()
    expect((await new AuthCaller(after).refresh(session.refresh_token)).status).toBe(200)
    expect(existsSync(join(dir, 'data', 'db'))).toBe(false)
    expect(existsSync(join(dir, 'data', 'pgpass'))).toBe(false)
  })

  it('has row level security by the caller’s role', async () => {
    const { database } = await start()
    const caller = { role: 'authenticated', claims: { sub: 'x' } } as const
    const [row] = await database.asCaller(caller, (inside) =>
      inside.query<{ name: string }>('select current_user as name'),
    )
    expect(row).toEqual({ name: 'authenticated' })
  })

  it('without wal_level=logical does everything but Realtime, and says so', async () => {
    const backend = await start()
    expect(await health(backend)).toMatchObject({
      status: 'ok',
      database: 'up',
      realtime: 'unavailable',
    })
    expect(lines.join('\n')).toContain('Realtime is unavailable')
  })

  it('is left alone when a Supabase auth server lives in it', async () => {
    const { database } = await start()
    await database.query('create database taken')
    expect(await startBesideGoTrue('taken')).toContain('set SUPABASE_URL as well')
  })

  it('is refused in one sentence when we may not build in it', async () => {
    const { database } = await start()
    await database.query(`create role plain login password 'plain-password'`)
    await database.query('create database plain owner plain')
    await expect(start('plain', 'plain:plain-password')).rejects.toThrow(ConfigError)
    await expect(start('plain', 'plain:plain-password')).rejects.toThrow(/must be a superuser/)
  })

  /** The schema that GoTrue keeps its own migrations in, made by a real connection. */
  async function startBesideGoTrue(name: string): Promise<string> {
    const connection = {
      host: '127.0.0.1',
      port: cluster.port,
      user: 'postgres',
      password,
      database: name,
      ssl: false,
    }
    const database = openDatabase({ connection }, log)
    await database.query('create schema auth')
    await database.query('create table auth.schema_migrations (version text)')
    await database.close()
    return start(name).then(
      () => 'it started',
      (error: unknown) => (error as Error).message,
    )
  }
})

describe('the embedded PostgreSQL', () => {
  it('names a port that is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const { config } = parseConfig({
      args: ['--port', '0', '--db-port', String(port), '--data', join(dir, 'embedded')],
      env: {},
      readFile: () => '',
    })
    await expect(startBackend({ config, log, throwaway: true })).rejects.toThrow(
      `--db-port ${port} is in use`,
    )
    taken.close()
  })
})
