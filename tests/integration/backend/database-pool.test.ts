import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../../src/backend/database/free-port.ts'
import { Listener } from '../../../src/backend/database/listener.ts'
import { createLog } from '../../../src/backend/log.ts'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'
import { untilAsked } from '../../support/until.ts'

let backend: TestBackend

beforeAll(async () => {
  backend = await startTestBackend({ idle: true })
})
afterAll(() => backend.stop())

async function kill(pid: number): Promise<void> {
  const { database } = backend
  await database.query('select pg_terminate_backend($1)', [pid])
  await untilAsked('the connection is gone', async () => {
    const rows = await database.query('select 1 from pg_stat_activity where pid = $1', [pid])
    return rows.length === 0
  })
}

describe('a transaction whose connection is taken away', () => {
  it('fails at its next statement, and nothing else does', async () => {
    const { database } = backend
    const lost = database.tx(async (inside) => {
      const [row] = await inside.query<{ pid: number }>('select pg_backend_pid() as pid')
      await kill(row?.pid ?? 0)
      // The news of it arrives between two statements, while nobody waits for an answer.
      await new Promise((resolve) => setImmediate(resolve))
      await inside.query('select 1')
    })
    await expect(lost).rejects.toThrow()
    expect(await database.tx((inside) => inside.query('select 1 as one'))).toEqual([{ one: 1 }])
  })

  it('fails in the middle of a statement, and nothing else does', async () => {
    const { database } = backend
    const told = Promise.withResolvers<number>()
    const lost = database.tx(async (inside) => {
      const [row] = await inside.query<{ pid: number }>('select pg_backend_pid() as pid')
      told.resolve(row?.pid ?? 0)
      await inside.query('select pg_sleep(60)')
    })
    lost.catch(() => undefined)
    await kill(await told.promise)
    await expect(lost).rejects.toThrow()
    expect(await database.tx((inside) => inside.query('select 1 as one'))).toEqual([{ one: 1 }])
  })
})

it('hears once, however often it could not listen before', async () => {
  const settings = { ...backend.database.connection, port: await freePort() }
  const listener = new Listener(
    settings,
    createLog('listener', () => undefined),
  )
  const heard: (string | null)[] = []
  const listen = () => listener.listen('news', (payload) => void heard.push(payload))
  for (let nth = 0; nth < 3; nth++) await expect(listen()).rejects.toThrow()
  settings.port = backend.database.connection.port
  await listen()
  await backend.database.query(`select pg_notify('news', 'first'), pg_notify('news', 'last')`)
  await untilAsked('the last is heard', async () => heard.includes('last'))
  await listener.close()
  expect(heard).toEqual(['first', 'last'])
})
