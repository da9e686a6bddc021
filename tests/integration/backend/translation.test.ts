import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { enqueueTranslation } from '../../../src/backend/jobs/job-queue.ts'
import { createLog } from '../../../src/backend/log.ts'
import { Processor } from '../../../src/backend/translation/processor.ts'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'
import { until, untilAsked } from '../../support/until.ts'

let backend: TestBackend
const opened: Processor[] = []
const document = {
  tenantId: 'acme-freight',
  document: 'delivery-notes-de.csv',
  from: 'de',
  to: 'en',
}

beforeAll(async () => {
  backend = await startTestBackend({ idle: true })
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()))
  await backend.database.query('delete from public.translation_jobs')
})
afterAll(() => backend.stop())

interface Given {
  readonly worker?: string
  readonly url?: () => string
  readonly pollMs?: number
  readonly logged?: string[]
  readonly claimed?: string[]
}

function processor(given: Given = {}): Processor {
  const { worker = 'p1', url = () => backend.supabaseUrl, pollMs = 5_000 } = given
  const one = new Processor({
    database: backend.database,
    log: createLog('translation', (line) => void given.logged?.push(line)),
    worker,
    slots: 4,
    pace: 10_000,
    supabase: { url, serviceKey: backend.secretKey },
    pollMs,
    onClaimed: (id) => void given.claimed?.push(id),
  })
  opened.push(one)
  return one
}

const order = (count: number, file = document.document): Promise<string[]> =>
  Promise.all(
    Array.from({ length: count }, (_, nth) =>
      enqueueTranslation(backend.database, { ...document, document: file, name: `Note ${nth}` }),
    ),
  )

const statuses = async (ids: readonly string[]): Promise<string[]> => {
  const rows = await backend.database.query<{ status: string }>(
    'select distinct status from public.translation_jobs where id = any ($1::uuid[])',
    [ids],
  )
  return rows.map(({ status }) => status)
}

const completed = (ids: readonly string[]): Promise<void> =>
  untilAsked('they are completed', async () => (await statuses(ids)).join() === 'completed')

describe('a translation job', () => {
  it('is one job in both tables, from waiting to its end', async () => {
    const [id] = await order(1)
    const both = (): Promise<object[]> =>
      backend.database.query(
        `select t.status, t.progress, t.attempt, j.status as job_status, j.progress as job_progress,
           j.kind, t.completed_at is null as open, t.message = j.message as same_message
         from public.translation_jobs t join public.jobs j on j.id = t.id::text where t.id = $1`,
        [id],
      )
    expect(await both()).toMatchObject([
      { status: 'pending', job_status: 'queued', kind: 'Translation', open: true },
    ])
    const one = processor()
    one.start()
    await completed([id!])
    await one.close()
    expect(await both()).toEqual([
      {
        status: 'completed',
        progress: 100,
        attempt: 1,
        job_status: 'succeeded',
        job_progress: 100,
        kind: 'Translation',
        open: false,
        same_message: true,
      },
    ])
    await backend.database.query('delete from public.jobs where id = $1', [id])
    expect(await statuses([id!])).toEqual([])
  })

  it('whose document nobody knows fails with a reason', async () => {
    const unknown = { ...document, document: 'nowhere.csv', name: 'Nothing' }
    const id = await enqueueTranslation(backend.database, unknown)
    const one = processor()
    one.start()
    await untilAsked('it failed', async () => (await statuses([id])).join() === 'failed')
    await one.close()
    const [row] = await backend.database.query<{ error: object }>(
      'select error from public.translation_jobs where id = $1',
      [id],
    )
    expect(row?.error).toMatchObject({ code: 'recipe_unknown' })
  })

  it('is inserted by an admin for the own tenant only, and nothing but its order is theirs to say', async () => {
    const admin = await signedIn(0)
    const row = {
      tenant_id: 'acme-freight',
      document: 'delivery-notes-de.csv',
      source_language: 'de',
      target_language: 'en',
    }
    const mine = await admin.from('translation_jobs').insert(row)
    expect(mine.error).toBeNull()
    const theirs = await admin
      .from('translation_jobs')
      .insert({ ...row, tenant_id: 'borealis-health' })
    expect(theirs.error?.code).toBe('42501')
    const done = await admin.from('translation_jobs').insert({ ...row, status: 'completed' })
    expect(done.error?.code).toBe('42501')
    const other = await signedIn(2)
    const { data } = await other
      .from('translation_jobs')
      .select('id')
      .eq('tenant_id', 'acme-freight')
    expect(data).toEqual([])
  })
})

async function signedIn(nth: number): Promise<SupabaseClient> {
  const client = createClient(backend.supabaseUrl, backend.publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  })
  const { email, password } = backend.users[nth]!
  const { error } = await client.auth.signInWithPassword({ email, password })
  expect(error).toBeNull()
  return client
}

describe('processors', () => {
  it('hear of an insert through Realtime, without asking', async () => {
    const claimed: string[] = []
    const one = processor({ claimed })
    one.start()
    await until('Realtime is up', () => one.inbox.kind === 'realtime')
    const ids = await order(5)
    await completed(ids)
    await one.close()
    expect(claimed.sort()).toEqual([...ids].sort())
    expect(one.inbox.kind).toBe('realtime')
  })

  it('say why Realtime is down, poll meanwhile, and return without a gap or a double', async () => {
    const logged: string[] = []
    const claimed: string[] = []
    let down = true
    const url = (): string => (down ? 'http://127.0.0.1:9' : backend.supabaseUrl)
    const one = processor({ url, pollMs: 100, logged, claimed })
    one.start()
    await until('it says why', () => logged.some((line) => line.includes('cannot be reached')))
    const polled = await order(6)
    await completed(polled)
    down = false
    await until('Realtime is up', () => one.inbox.kind === 'realtime')
    const heard = await order(6)
    await completed(heard)
    await one.close()
    expect(claimed.sort()).toEqual([...polled, ...heard].sort())
    expect(logged.join()).toContain('heard of through Realtime')
    expect(logged.join()).not.toContain(backend.secretKey)
  })

  it('look again for a job that could not be claimed when it was told', async () => {
    const logged: string[] = []
    const one = processor({ logged })
    one.start()
    await until('Realtime is up', () => one.inbox.kind === 'realtime')
    await backend.database.query(
      `create function public.refuse() returns trigger language plpgsql
       as $$ begin raise exception 'not now'; end $$`,
    )
    await backend.database.query(
      `create trigger refuse before update on public.jobs for each row
       when (old.status = 'queued') execute function public.refuse()`,
    )
    const ids = await order(1)
    await until('it was tried', () => logged.some((line) => line.includes('could be claimed')))
    await backend.database.query('drop function public.refuse() cascade')
    await completed(ids)
    expect(one.inbox.kind).toBe('realtime')
    await one.close()
  })

  it('never run a job twice, with three of them at work', async () => {
    const claimed: string[] = []
    const three = ['a', 'b', 'c'].map((worker) => processor({ worker, claimed }))
    for (const one of three) one.start()
    const real = await order(8)
    const brief = await order(60, 'nowhere.csv')
    const ids = [...real, ...brief]
    await completed(real)
    await untilAsked('the rest has failed', async () => (await statuses(brief)).join() === 'failed')
    await Promise.all(three.map((one) => one.close()))
    expect(claimed.sort()).toEqual([...ids].sort())
    const [row] = await backend.database.query<{ most: number }>(
      'select max(attempt) as most from public.jobs where id = any ($1)',
      [ids],
    )
    expect(row?.most).toBe(1)
  })

  it('that stop give their jobs back', async () => {
    const slow = new Processor({
      database: backend.database,
      log: createLog('translation', () => undefined),
      worker: 'slow',
      slots: 1,
      pace: 1,
      supabase: { url: () => backend.supabaseUrl, serviceKey: backend.secretKey },
    })
    const [id] = await order(1)
    slow.start()
    await untilAsked('it runs', async () => (await statuses([id!])).join() === 'processing')
    await slow.close()
    expect(await statuses([id!])).toEqual(['pending'])
    const quick = processor({ worker: 'quick' })
    quick.start()
    await completed([id!])
    await quick.close()
  })
})
