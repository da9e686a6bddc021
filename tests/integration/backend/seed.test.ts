import { readFile } from 'node:fs/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'

const seed = new URL('../../../resources/supabase/seed.sql', import.meta.url)

let backend: TestBackend
let client: pg.Client
const told: string[] = []

beforeAll(async () => {
  backend = await startTestBackend({ idle: true })
  client = new pg.Client(backend.database.connection)
  client.on('notice', ({ message = '' }) => void told.push(message))
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await backend.stop()
})

it('the seed makes operators who can sign in, tells their passwords once, and may run again', async () => {
  const sql = await readFile(seed, 'utf8')
  await client.query('delete from auth.users')
  await client.query(sql)
  expect(told).toHaveLength(3)
  const [, email, password] = /^demo operator (\S+) has the password (\S+)$/.exec(told[0]!) ?? []
  const answer = await fetch(`${backend.supabaseUrl}/auth/v1/token?grant_type=password`, {
    method: 'POST',
    headers: { apikey: backend.publishableKey, 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
  const { user } = (await answer.json()) as { user: { app_metadata: object; identities: object[] } }
  expect(answer.status).toBe(200)
  expect(user.app_metadata).toMatchObject({ tenant_id: 'acme-freight', provider: 'email' })
  expect(user.identities).toHaveLength(1)

  await client.query(sql)
  expect(told).toHaveLength(3)
  const { rows } = await client.query<{ status: string; kind: string }>(
    `select j.status, j.kind from public.translation_jobs t join public.jobs j on j.id = t.id::text`,
  )
  expect(rows).toEqual([
    { status: 'queued', kind: 'Translation' },
    { status: 'queued', kind: 'Translation' },
  ])
})
