import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AuthCaller } from '../../support/auth-caller.ts'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'

let dataDir: string
let backend: TestBackend | null = null

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'signalbox-test-kept-'))
})
afterEach(async () => {
  await backend?.stop()
  backend = null
  await rm(dataDir, { recursive: true, force: true })
})

async function start(options: { reset?: boolean } = {}): Promise<TestBackend> {
  backend = await startTestBackend({ idle: true, dataDir, ...options })
  return backend
}

describe('the data folder', () => {
  it('keeps keys, users, passwords and sessions over a restart', async () => {
    const before = await start()
    const session = await new AuthCaller(before).signIn()
    await before.stop()
    const after = await start()
    expect(after.publishableKey).toBe(before.publishableKey)
    expect(after.users).toEqual(before.users)
    const auth = new AuthCaller(after)
    expect((await auth.call('/user', { token: session.access_token })).status).toBe(200)
    expect((await auth.refresh(session.refresh_token)).status).toBe(200)
    const rows = await after.database.query('select 1 from auth.users')
    expect(rows).toHaveLength(3)
  })

  it('starts over when it is told to', async () => {
    const before = await start()
    const session = await new AuthCaller(before).signIn()
    await before.stop()
    const after = await start({ reset: true })
    expect(after.publishableKey).not.toBe(before.publishableKey)
    expect(after.users[0]?.password).not.toBe(before.users[0]?.password)
    const answer = await new AuthCaller(after).refresh(session.refresh_token)
    expect(answer.body.code).toBe('refresh_token_not_found')
  })

  it.skipIf(process.platform === 'win32')('lets nobody else read its secrets', async () => {
    await start()
    const { mode } = await stat(join(dataDir, 'secrets.json'))
    expect(mode & 0o077).toBe(0)
    expect((await stat(join(dataDir, 'db'))).mode & 0o077).toBe(0)
  })

  it('is refused by name when its secrets are damaged or gone, and --reset helps', async () => {
    const { stop } = await start()
    await stop()
    const path = join(dataDir, 'secrets.json')
    await writeFile(path, '{')
    await expect(start()).rejects.toThrow(`${path} is damaged; --reset starts over`)
    await rm(path)
    await expect(start()).rejects.toThrow('has a database but no secrets.json')
    const { users } = await start({ reset: true })
    expect(users).toHaveLength(3)
  })

  it('is not shared: a second backend is refused, and the first goes on', async () => {
    const first = await start()
    await expect(startTestBackend({ idle: true, dataDir })).rejects.toThrow('in use by another')
    expect((await new AuthCaller(first).signIn()).token_type).toBe('bearer')
  })
})

describe('the database door', () => {
  it('runs as the caller, and forgets it with the transaction', async () => {
    const { database } = await start()
    const who = `select current_user as role, auth.uid()::text as uid`
    const claims = { sub: '00000000-0000-4000-8000-000000000001' }
    const inside = await database.asCaller({ role: 'authenticated', claims }, (caller) =>
      caller.query(who),
    )
    expect(inside).toEqual([{ role: 'authenticated', uid: claims.sub }])
    const outside = await Promise.all(Array.from({ length: 30 }, () => database.query(who)))
    expect(new Set(outside.map((rows) => JSON.stringify(rows)))).toEqual(
      new Set([JSON.stringify([{ role: 'postgres', uid: null }])]),
    )
  })

  it('undoes everything of a transaction that fails', async () => {
    const { database } = await start()
    const failing = database.tx(async (inside) => {
      await inside.query(`delete from auth.users`)
      throw new Error('changed my mind')
    })
    await expect(failing).rejects.toThrow('changed my mind')
    expect(await database.query('select 1 from auth.users')).toHaveLength(3)
  })

  it('says that notices may be missing after the connection was lost', async () => {
    const { database } = await start()
    const heard: (string | null)[] = []
    let wake: () => void = () => undefined
    await database.listen('test', (payload) => {
      heard.push(payload)
      wake()
    })
    const next = () => new Promise<void>((resolve) => (wake = resolve))
    let waiting = next()
    await database.query(`select pg_notify('test', 'one')`)
    await waiting
    waiting = next()
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where query ilike 'listen%' and pid <> pg_backend_pid()`,
    )
    await waiting
    waiting = next()
    await database.query(`select pg_notify('test', 'two')`)
    await waiting
    expect(heard).toEqual(['one', null, 'two'])
  })
})
