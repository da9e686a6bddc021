import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  claim,
  beat,
  enqueue,
  enqueueTranslation,
  reclaim,
} from '../../../src/backend/jobs/job-queue.ts'
import { JobRun, Superseded } from '../../../src/backend/jobs/job-run.ts'
import type { Recipe } from '../../../src/backend/jobs/recipe.ts'
import { recipes } from '../../../src/backend/jobs/recipes.ts'
import { createWork, type Work } from '../../../src/backend/jobs/work.ts'
import { createLog } from '../../../src/backend/log.ts'
import { wireJobSchema, type WireJob } from '../../../src/shared/job.ts'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'
import { until, untilAsked } from '../../support/until.ts'

/** As fast as the machine allows: the caps of the sources are not what is tested. */
const pace = 10_000

let backend: TestBackend
const log = createLog('jobs', () => undefined)

beforeAll(async () => {
  backend = await startTestBackend({ idle: true })
})
afterAll(() => backend.stop())

const recipe = (key: string): Recipe => recipes.find((one) => one.key === key)!

const queue = (key: string, file?: string): Promise<string> => {
  const { name, kind, tenantId, files } = recipe(key)
  const input = { recipe: key, file: file ?? files[0] }
  return enqueue(backend.database, { name, kind, tenantId, input })
}

const read = async (id: string): Promise<WireJob> => {
  const [row] = await backend.database.query<{ job: WireJob }>(
    'select public.job_wire(j) as job from public.jobs j where id = $1',
    [id],
  )
  return row!.job
}

/** Resolves when the jobs have ended, however they did. */
async function ended(ids: readonly string[]): Promise<WireJob[]> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const check = async (): Promise<void> => {
    const [row] = await backend.database.query<{ left: number }>(
      'select count(*)::int as left from public.jobs where id = any ($1) and finished_at is null',
      [ids],
    )
    if (row?.left === 0) resolve(undefined)
  }
  const off = await backend.database.listen('job_changes', () => void check())
  await check()
  await promise
  await off()
  return Promise.all(ids.map(read))
}

const hands = (options: { leaseMs?: number } = {}): Work =>
  createWork({
    database: backend.database,
    log,
    load: null,
    pace,
    scheduled: false,
    supabase: null,
    ...options,
  })

/** Every event of a job is there once, and numbered without a gap. */
async function expectUnbrokenRecord(id: string): Promise<void> {
  const rows = await backend.database.query<{ attempt: number; seq: number; nth: number }>(
    `select attempt, seq::int, row_number() over (partition by attempt order by position)::int as nth
     from public.job_changes where job_id = $1`,
    [id],
  )
  expect(rows.length).toBeGreaterThan(5)
  for (const { seq, nth } of rows) expect(seq).toBe(nth)
}

const lines = (id: string): Promise<{ text: string; level: string }[]> =>
  backend.database.query(
    'select text, level from public.job_events where job_id = $1 order by id',
    [id],
  )

describe('a sample job', () => {
  let work: Work
  beforeAll(async () => {
    work = hands()
    await work.start()
  })
  afterAll(() => work.close())

  it.each(
    recipes.map(({ key, files }) => [key, files.find((file) => !faulty.has(file))!] as const),
  )('loads every row of its file and says so: %s', async (key, file) => {
    const id = await queue(key, file)
    const [job] = await ended([id])
    expect(job).toMatchObject({ status: 'succeeded', progress: 100, error: null })
    expect(wireJobSchema.parse(job)).toEqual(job)
    const { table } = recipe(key).target
    const [loaded] = await backend.database.query<{ rows: number }>(
      `select count(*)::int as rows from demo.${table} where run_id = $1`,
      [`${key}/${id}`],
    )
    expect(loaded?.rows).toBe(job?.counters?.total)
    expect(loaded?.rows).toBeGreaterThan(600)
    expect(job?.message).toContain(loaded?.rows.toLocaleString('en-GB'))
    await expectUnbrokenRecord(id)
  })

  it.each([
    [
      'carrier-rates',
      'carrier-rates-week-47.csv',
      'duplicate_key',
      /^duplicate key \(carrier, lane\): GEOD, GBFXT-DKAAR, rows 630 to 666$/,
    ],
    ['jira-issues', 'jira-issues-archive.ndjson', 'row_malformed', /^row 378: is not valid JSON$/],
    [
      'carrier-invoices',
      'carrier-invoices-corrections.csv',
      'check_failed',
      /^check "amount not negative" failed, rows \d+ to \d+$/,
    ],
    [
      'lab-results',
      'lab-results-night.csv',
      'unknown_reference',
      /^unknown patient_id P-99217, rows \d+ to \d+$/,
    ],
    [
      'claims-2026-11',
      'claims-2026-11-late.csv',
      'row_malformed',
      /^row 407, field amount_eur: "12O\.40" is not a number$/,
    ],
  ])('fails with a true reason and leaves nothing behind: %s', async (key, file, code, message) => {
    const id = await queue(key, file)
    const [job] = await ended([id])
    expect(job).toMatchObject({ status: 'failed', error: { code } })
    expect(job?.error?.message).toMatch(message)
    expect(job?.progress).toBeGreaterThan(0)
    expect(job?.progress).toBeLessThan(100)
    const [left] = await backend.database.query<{ rows: number }>(
      `select count(*)::int as rows from demo.${recipe(key).target.table} where run_id = $1`,
      [`${key}/${id}`],
    )
    expect(left?.rows).toBe(0)
    expect((await lines(id)).at(-1)).toEqual({ text: job?.error?.message, level: 'error' })
    await expectUnbrokenRecord(id)
  })

  it('replaces what the run before it had loaded, and keeps what it remarks on', async () => {
    const first = await queue('jira-issues')
    await ended([first])
    const second = await queue('jira-issues')
    await ended([second])
    const runs = await backend.database.query(
      `select distinct run_id from demo.tickets where starts_with(run_id, 'jira-issues/')`,
    )
    expect(runs).toEqual([{ run_id: `jira-issues/${second}` }])
    const texts = (await lines(second)).map((line) => line.text)
    expect(texts).toContain('11 rows without assignee, kept')
    expect(texts).toContain('1,250 rows of the run before replaced')
    const summed = await backend.database.query<{ rows: number }>(
      `select sum(row_count)::int as rows from demo.summaries where recipe = 'jira-issues'`,
    )
    expect(summed).toEqual([{ rows: 1_250 }])
  })

  it('never lets progress fall within an attempt', async () => {
    const id = await queue('appointments')
    await ended([id])
    const rows = await backend.database.query<{ progress: number }>(
      `select (changes ->> 'progress')::float8 as progress from public.job_changes
       where job_id = $1 and changes ? 'progress' order by position`,
      [id],
    )
    const progress = rows.map((row) => row.progress)
    expect(progress).toEqual([...progress].sort((a, b) => a - b))
    expect(progress.length).toBeGreaterThan(20)
  })
})

const faulty = new Set([
  'carrier-rates-week-47.csv',
  'jira-issues-archive.ndjson',
  'carrier-invoices-corrections.csv',
  'lab-results-night.csv',
  'claims-2026-11-late.csv',
])

describe('workers', () => {
  it('never run one job twice, however many ask for it', async () => {
    const ids = await Promise.all(Array.from({ length: 24 }, () => queue('fuel-surcharges')))
    const works = [hands(), hands(), hands()]
    await Promise.all(works.map((work) => work.start()))
    const jobs = await ended(ids)
    await Promise.all(works.map((work) => work.close()))
    expect(new Set(jobs.map((job) => job.status))).toEqual(new Set(['succeeded']))
    const started = await backend.database.query(
      `select job_id from public.job_changes
       where job_id = any ($1) and changes ->> 'status' = 'running'`,
      [ids],
    )
    expect(started).toHaveLength(ids.length)
    for (const id of ids) await expectUnbrokenRecord(id)
  })

  it('share waiting jobs even when they claim at the same moment', async () => {
    const tenantId = recipe('fuel-surcharges').tenantId
    const ids = await Promise.all(Array.from({ length: 12 }, () => queue('fuel-surcharges')))
    const claims = await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        claim(backend.database, { worker: `w${n}`, queue: 'sample', tenantId, limit: 3 }),
      ),
    )
    const taken = claims.flat().map((job) => job.id)
    expect(new Set(taken).size).toBe(taken.length)
    expect(taken.sort()).toEqual([...ids].sort())
    await backend.database.query('delete from public.jobs where id = any ($1)', [ids])
  })

  it('give a job back when they stop, and another attempt finishes it', async () => {
    const id = await queue('shipment-events')
    const slow = createWork({
      database: backend.database,
      log,
      load: null,
      pace: 1,
      scheduled: false,
      supabase: null,
    })
    await slow.start()
    await untilRunning(id)
    await slow.close()
    expect(await read(id)).toMatchObject({
      status: 'queued',
      attempt: 2,
      progress: 0,
      started_at: null,
    })
    const work = hands()
    await work.start()
    const [job] = await ended([id])
    await work.close()
    expect(job).toMatchObject({ status: 'succeeded', attempt: 2 })
    await expectUnbrokenRecord(id)
  })

  it('that crashed lose their jobs, and can write to them no more', async () => {
    const id = await queue('customs-tariffs')
    const { tenantId } = recipe('customs-tariffs')
    await beat(backend.database, 'crashed')
    const [job] = await claim(backend.database, {
      worker: 'crashed',
      queue: 'sample',
      tenantId,
      limit: 1,
    })
    const run = new JobRun(backend.database, job!, 'crashed')
    await run.report({ progress: 10 })

    expect(await reclaim(backend.database, 60_000)).toEqual([])
    await backend.database.query(
      `update public.job_workers set seen_at = seen_at - interval '1 minute' where id = 'crashed'`,
    )
    const work = hands()
    await work.start()
    const [done] = await ended([id])
    await work.close()
    expect(done).toMatchObject({ status: 'succeeded', attempt: 2 })

    await expect(run.report({ progress: 20 })).rejects.toBeInstanceOf(Superseded)
    let written = false
    const late = run.load({ progress: 20 }, async () => {
      written = true
    })
    await expect(late).rejects.toBeInstanceOf(Superseded)
    expect(written).toBe(false)
    await expect(run.succeed('late')).rejects.toBeInstanceOf(Superseded)
    expect(await read(id)).toEqual(done)
  })

  it('give a job back as soon as that can be written, not only at once', async () => {
    const { database } = backend
    await database.query(
      `create function public.refuse() returns trigger language plpgsql
       as $$ begin raise exception 'not now'; end $$`,
    )
    await database.query(
      `create trigger refuse before update on public.jobs for each row
       when (old.worker is not null) execute function public.refuse()`,
    )
    const said: string[] = []
    const work = createWork({
      ...{ database, load: null, pace, scheduled: false, supabase: null },
      log: createLog('jobs', (line) => void said.push(line)),
    })
    const id = await queue('fuel-surcharges')
    await work.start()
    await until('it was tried', () => said.some((line) => line.includes('handed back')))
    await database.query('drop function public.refuse() cascade')
    const [job] = await ended([id])
    await work.close()
    expect(job).toMatchObject({ status: 'succeeded', attempt: 2 })
  })

  it('stop in good order as often as they like, and the job is not given up', async () => {
    const id = await queue('shipment-events')
    await backend.database.query('update public.jobs set attempt = 9 where id = $1', [id])
    const slow = createWork({
      ...{ database: backend.database, log, load: null, pace: 1, scheduled: false, supabase: null },
    })
    await slow.start()
    await untilRunning(id)
    await slow.close()
    expect(await read(id)).toMatchObject({ status: 'queued', attempt: 10 })
    await backend.database.query('delete from public.jobs where id = $1', [id])
  })

  it('give a job up that keeps being interrupted', async () => {
    const id = await queue('customs-tariffs')
    const { tenantId } = recipe('customs-tariffs')
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      await claim(backend.database, {
        worker: `gone-${attempt}`,
        queue: 'sample',
        tenantId,
        limit: 1,
      })
      await reclaim(backend.database, 1_000)
    }
    expect(await read(id)).toMatchObject({
      status: 'failed',
      attempt: 5,
      error: { code: 'interrupted' },
    })
  })
})

describe('housekeeping', () => {
  it('lets old jobs go, translations as well, and keeps those that wait', async () => {
    const { database } = backend
    const order = { tenantId: 'acme-freight', document: 'nowhere.csv', from: 'de', to: 'en' }
    const old = await enqueueTranslation(database, { ...order, name: 'Old' })
    const fresh = await enqueueTranslation(database, { ...order, name: 'Fresh' })
    await database.query(
      `update public.jobs set status = 'cancelled', finished_at = now() - interval '25 hours'
       where id = $1`,
      [old],
    )
    const work = hands()
    await work.start()
    await untilAsked('the old one is gone', async () => {
      const rows = await database.query('select from public.translation_jobs where id = $1', [old])
      return rows.length === 0
    })
    await work.close()
    expect(await read(fresh)).toMatchObject({ status: 'queued' })
    await database.query('delete from public.translation_jobs')
  })
})

describe('the schema', () => {
  it('keeps a final state final within its attempt', async () => {
    const id = await queue('customs-tariffs')
    await backend.database.query(
      `update public.jobs set status = 'cancelled', finished_at = now() where id = $1`,
      [id],
    )
    const back = backend.database.query(
      `update public.jobs set status = 'queued', finished_at = null where id = $1`,
      [id],
    )
    await expect(back).rejects.toThrow('a final state is final within its attempt')
    const moved = backend.database.query(`update public.jobs set tenant_id = 'x' where id = $1`, [
      id,
    ])
    await expect(moved).rejects.toThrow('a job keeps its id and its tenant')
  })

  it('makes no event of a write that changes nothing', async () => {
    const id = await queue('customs-tariffs')
    const before = await read(id)
    await backend.database.query(`update public.jobs set message = message where id = $1`, [id])
    expect(await read(id)).toEqual(before)
  })
})

describe('a load', () => {
  it('makes as many jobs as asked, over both tenants, and writes at the rate asked', async () => {
    await backend.database.query('delete from public.jobs')
    const work = createWork({
      database: backend.database,
      log,
      load: { jobs: 120, rate: 200 },
      scheduled: false,
      supabase: null,
    })
    await work.start()
    const heard = Promise.withResolvers<number>()
    const beganMs = performance.now()
    const began = await changeCount()
    const off = await backend.database.listen('job_changes', () => {
      void changeCount().then((count) => {
        if (count - began >= 400) heard.resolve(performance.now() - beganMs)
      })
    })
    const tookMs = await heard.promise
    await off()
    // 400 events at 200 a second are 2 s; starting and ending jobs are events as well.
    expect(tookMs).toBeGreaterThan(1_000)
    const counts = await backend.database.query<{ tenant: string; jobs: number; active: number }>(
      `select tenant_id as tenant, count(*)::int as jobs,
         (count(*) filter (where finished_at is null))::int as active
       from public.jobs where queue = 'bulk' group by 1`,
    )
    expect(counts).toHaveLength(2)
    expect(counts.reduce((sum, row) => sum + row.jobs, 0)).toBe(120)
    for (const row of counts) expect(row.active).toBeGreaterThan(10)
    const [tallies] = await backend.database.query<{ same: boolean }>(
      `select bool_and(t.rows_done = (j.counters ->> 'done')::bigint) as same
       from demo.load_tallies t join public.jobs j on j.id = t.job_id`,
    )
    expect(tallies).toEqual({ same: true })
    await work.close()
    expect(await backend.database.query(`select id from public.jobs where queue = 'bulk'`)).toEqual(
      [],
    )
  })
})

async function changeCount(): Promise<number> {
  const [row] = await backend.database.query<{ count: number }>(
    'select count(*)::int as count from public.job_changes',
  )
  return row!.count
}

async function untilRunning(id: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const off = await backend.database.listen('job_changes', () => {
    void read(id).then((job) => {
      if (job.status === 'running' && job.progress > 0) resolve(undefined)
    })
  })
  await promise
  await off()
}
