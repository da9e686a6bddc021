import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../../src/backend/database/database.ts'
import { JobRun, Superseded } from '../../../src/backend/jobs/job-run.ts'
import { loadReferenceData } from '../../../src/backend/jobs/reference-data.ts'
import { createLog } from '../../../src/backend/log.ts'
import { Processor } from '../../../src/backend/translation/processor.ts'
import { wireJobSchema, type WireJob } from '../../../src/shared/job.ts'
import { startTestGateway, type TestGateway } from '../../support/gateway.ts'
import { untilAsked } from '../../support/until.ts'

let gateway: TestGateway
let alice: string
let amir: string
let bea: string

beforeAll(async () => {
  gateway = await startTestGateway({ limits: { requestsPerMinute: 100_000 } })
  await loadReferenceData(database())
  alice = await gateway.signIn(0)
  amir = await gateway.signIn(1)
  bea = await gateway.signIn(2)
})
afterAll(() => gateway.stop())

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: WireJob & { readonly error: { code: string; message: string; ref: string } | null }
}
interface Sent {
  readonly token?: string | null
  readonly key?: string
  readonly type?: string | null
  readonly body?: unknown
}

async function post(path: string, sent: Sent = {}): Promise<Answer> {
  const { token = alice, key, type = 'application/json', body } = sent
  const headers = new Headers()
  if (token !== null) headers.set('authorization', `Bearer ${token}`)
  if (key !== undefined) headers.set('idempotency-key', key)
  if (body !== undefined && type !== null) headers.set('content-type', type)
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await fetch(`${gateway.url}/api/v1/jobs${path}`, {
    method: 'POST',
    headers,
    ...(body === undefined ? {} : { body: text }),
  })
  const { status, headers: received } = response
  return { status, headers: received, body: (await response.json()) as Answer['body'] }
}

const sample = { input: { recipe: 'carrier-rates', file: 'carrier-rates.csv' } }
const translation = {
  name: 'Notices for Rotterdam',
  input: { document: 'delivery-notes-de.csv', source_language: 'de', target_language: 'en' },
}
const database = (): Database => gateway.backend.database

async function make(): Promise<string> {
  const { status, body } = await post('', { body: sample })
  expect(status).toBe(201)
  return body.id
}

/** Work on a job as a worker does it: taken, and some rows loaded. */
async function begin(id: string): Promise<JobRun> {
  const worker = `worker of ${id}`
  await database().query(
    `update public.jobs set status = 'running', worker = $2, started_at = clock_timestamp()
     where id = $1 and status = 'queued'`,
    [id, worker],
  )
  const job = await read(id)
  const { name, attempt } = job
  return new JobRun(
    database(),
    { id, name, attempt, tenantId: job.tenant_id, input: sample.input },
    worker,
  )
}

const load = (run: JobRun): Promise<unknown> =>
  run.load({ progress: 10 }, (inside) =>
    inside.query(
      `insert into demo.carrier_rates (run_id, carrier, lane, equipment, rate_eur, valid_from)
       values ($1, 'MAEU', 'DEHAM-NLRTM', '40HC', 12, '2026-01-01')`,
      [`carrier-rates/${run.job.id}`],
    ),
  )

const rowsOf = async (id: string): Promise<number> =>
  (
    await database().query('select from demo.carrier_rates where run_id = $1', [
      `carrier-rates/${id}`,
    ])
  ).length

async function read(id: string): Promise<WireJob> {
  return (await gateway.get(`/api/v1/jobs/${id}`, alice)).body as WireJob
}

const linesOf = async (id: string): Promise<string[]> => {
  const { body } = await gateway.get(`/api/v1/jobs/${id}/events`, alice)
  return (body as { events: { text: string }[] }).events.map((event) => event.text)
}

describe('making a job', () => {
  it('queues a known recipe for the tenant of the token, and says who asked for it', async () => {
    const { status, headers, body } = await post('', { body: { ...sample, name: 'Rates again' } })
    expect(status).toBe(201)
    expect(wireJobSchema.parse(body)).toEqual(body)
    expect(body).toMatchObject({
      name: 'Rates again',
      kind: 'ETL',
      tenant_id: gateway.tenantOf(0),
      status: 'queued',
      attempt: 1,
    })
    expect(headers.get('location')).toBe(`/api/v1/jobs/${body.id}`)
    expect(await read(body.id)).toEqual(body)
    expect(await linesOf(body.id)).toEqual(['Queued by alice@acme.test'])
  })

  it('queues a translation, which is also a row of the table of translations', async () => {
    const { status, body } = await post('', { body: translation })
    expect(status).toBe(201)
    expect(body).toMatchObject({ name: 'Notices for Rotterdam', kind: 'Translation' })
    const rows = await database().query(
      'select tenant_id, status, document from public.translation_jobs where id = $1',
      [body.id],
    )
    expect(rows).toEqual([
      { tenant_id: gateway.tenantOf(0), status: 'pending', document: 'delivery-notes-de.csv' },
    ])
  })

  it.each([
    ['no body', undefined, 422, /^body: /],
    ['an unknown field', { ...sample, queue: 'bulk' }, 422, /^queue: is not a field here$/],
    ['an unknown field inside', { input: { recipe: 'x', rows: 1 } }, 422, /^input\.rows: is not/],
    [
      'a recipe of another tenant',
      { input: { recipe: 'lab-results' } },
      422,
      /^input\.recipe: must/,
    ],
    [
      'a file of another recipe',
      { input: { recipe: 'carrier-rates', file: 'patients.csv' } },
      422,
      /^input\.file: /,
    ],
    [
      'a document in another language',
      { input: { ...translation.input, target_language: 'fr' } },
      422,
      /^input\.document: /,
    ],
    [
      'a language that is none',
      { input: { ...translation.input, target_language: '../' } },
      422,
      /^input\.target_language: /,
    ],
    [
      'a tenant of somebody else',
      { ...sample, tenant_id: 'borealis-health' },
      422,
      /^tenant_id: is not/,
    ],
    ['a name with a line break', { ...sample, name: 'a\nb' }, 422, /^name: may hold/],
    ['a name of 129 letters', { ...sample, name: 'a'.repeat(129) }, 422, /^name: /],
    ['a body that is no JSON', '{', 400, /./],
    ['a prototype in the body', '{"__proto__": {"input": 1}}', 400, /./],
    ['a body that is too large', { name: 'x'.repeat(20_000) }, 413, /./],
    ['arrays in arrays', '['.repeat(5_000) + ']'.repeat(5_000), 422, /^body: /],
  ])('refuses %s, and names what is wrong', async (_what, body, status, message) => {
    const answer = await post('', { body })
    expect(answer.status).toBe(status)
    expect(answer.body.error?.message).toMatch(message)
    expect(answer.body.error?.ref).toMatch(/^[0-9a-f]{8}$/)
  })

  it('refuses a body of another type', async () => {
    const answer = await post('', { body: 'name=x', type: 'application/x-www-form-urlencoded' })
    expect(answer.status).toBe(415)
    expect(answer.body.error?.code).toBe('request_invalid')
  })
})

describe('an Idempotency-Key', () => {
  it('gives the same request the same answer, also while the first is still under way', async () => {
    const key = randomUUID()
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => post('', { body: sample, key })),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(201))
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
    const replayed = answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true')
    expect(replayed).toHaveLength(7)
    const again = await post('', {
      body: { input: { file: 'carrier-rates.csv', recipe: 'carrier-rates' } },
      key,
    })
    expect(again.body).toEqual(answers[0]?.body)
  })

  it('may not stand for another request, and belongs to its user', async () => {
    const key = randomUUID()
    const first = await post('', { body: sample, key })
    const other = await post('', { body: translation, key })
    expect([other.status, other.body.error?.code]).toEqual([422, 'idempotency_key_reused'])
    const act = await post(`/${first.body.id}/cancel`, { key })
    expect(act.body.error?.code).toBe('idempotency_key_reused')
    const amirs = await post('', { body: sample, key, token: amir })
    expect(amirs.status).toBe(201)
    expect(amirs.body.id).not.toBe(first.body.id)
  })

  it('answers a repeated cancel with the job as it was then, though it was retried since', async () => {
    const id = await make()
    const key = randomUUID()
    const cancelled = await post(`/${id}/cancel`, { key })
    expect(cancelled.body.status).toBe('cancelled')
    expect((await post(`/${id}/retry`)).status).toBe(200)
    expect((await post(`/${id}/cancel`, { key })).body).toEqual(cancelled.body)
    expect((await read(id)).status).toBe('queued')
  })

  it('is free again after a refusal, and after a day', async () => {
    const id = await make()
    const key = randomUUID()
    expect((await post(`/${id}/retry`, { key })).status).toBe(409)
    expect((await post(`/${id}/cancel`, { key })).status).toBe(200)
    await database().query(
      `update public.job_requests set created_at = created_at - interval '25 h' where key = $1`,
      [key],
    )
    expect((await post(`/${id}/retry`, { key })).status).toBe(200)
  })

  it.each(['with space', 'ü', 'x'.repeat(256)])('must be short visible ASCII: %s', async (key) => {
    const { status, body } = await post('', { body: sample, key })
    expect(status).toBe(400)
    expect(body.error?.message).toMatch(/^Idempotency-Key: /)
  })
})

describe('cancelling', () => {
  it('ends a waiting job at once', async () => {
    const id = await make()
    const { status, body } = await post(`/${id}/cancel`)
    expect(status).toBe(200)
    expect(body).toMatchObject({ status: 'cancelled', message: 'Cancelled by alice@acme.test' })
    expect(body.finished_at).not.toBeNull()
    expect((await linesOf(id)).at(-1)).toBe('Cancelled by alice@acme.test')
  })

  it('ends a running job, takes its rows back, and leaves its worker nothing to write to', async () => {
    const id = await make()
    const run = await begin(id)
    await load(run)
    expect(await rowsOf(id)).toBe(1)
    expect((await post(`/${id}/cancel`, { token: amir })).body.status).toBe('cancelled')
    expect(await rowsOf(id)).toBe(0)
    await expect(load(run)).rejects.toBeInstanceOf(Superseded)
    await expect(run.succeed('late')).rejects.toBeInstanceOf(Superseded)
    expect(await rowsOf(id)).toBe(0)
  })

  it('names the state of a job that has ended', async () => {
    const id = await make()
    await (await begin(id)).succeed('Done')
    const { status, body } = await post(`/${id}/cancel`)
    expect([status, body.error?.code]).toEqual([409, 'job_not_cancellable'])
    expect(body.error?.message).toContain('succeeded')
  })
})

describe('retrying', () => {
  it('queues a failed job as another attempt, from nothing', async () => {
    const id = await make()
    const run = await begin(id)
    await run.report({ progress: 40, message: 'Loading' })
    await run.fail({ code: 'row_malformed', message: 'row 4: is not valid JSON' })
    const { status, body } = await post(`/${id}/retry`)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      status: 'queued',
      attempt: 2,
      seq: 1,
      progress: 0,
      error: null,
      started_at: null,
      finished_at: null,
      message: 'Queued again by alice@acme.test',
    })
  })

  it.each(['queued', 'running', 'succeeded'])('is refused for a job that is %s', async (state) => {
    const id = await make()
    if (state !== 'queued') {
      const run = await begin(id)
      if (state === 'succeeded') await run.succeed('Done')
    }
    const { status, body } = await post(`/${id}/retry`)
    expect([status, body.error?.code]).toEqual([409, 'job_not_retryable'])
    expect(body.error?.message).toContain(state)
  })
})

describe('who may act', () => {
  it('is nobody of another tenant: for them the job is not there', async () => {
    const id = await make()
    for (const act of ['cancel', 'retry']) {
      const foreign = await post(`/${id}/${act}`, { token: bea })
      const unknown = await post(`/job_nowhere/${act}`, { token: bea })
      const odd = await post(`/${encodeURIComponent("x' or 1=1")}/${act}`, { token: bea })
      for (const { status, body } of [foreign, unknown, odd]) {
        expect(status).toBe(404)
        expect({ ...body.error, ref: '' }).toEqual({
          code: 'job_unknown',
          message: 'There is no such job.',
          ref: '',
        })
      }
    }
    expect((await read(id)).status).toBe('queued')
  })

  it('is only an admin of the tenant', async () => {
    const { email } = gateway.backend.users[1]!
    const id = await make()
    const role = (to: string) =>
      database().query(
        `update auth.users set raw_app_meta_data =
           jsonb_set(raw_app_meta_data, '{tenants,0,role}', to_jsonb($2::text)) where email = $1`,
        [email, to],
      )
    const key = randomUUID()
    expect((await post('', { body: sample, token: await gateway.signIn(1), key })).status).toBe(201)
    await role('viewer')
    const viewer = await gateway.signIn(1)
    await role('admin')
    for (const answer of [
      await post('', { body: sample, token: viewer }),
      // What was done under the key is for admins, too.
      await post('', { body: sample, token: viewer, key }),
      await post(`/${id}/cancel`, { token: viewer }),
      await post(`/${id}/retry`, { token: viewer }),
    ]) {
      expect([answer.status, answer.body.error?.code]).toEqual([403, 'forbidden'])
    }
    expect((await gateway.get(`/api/v1/jobs/${id}`, viewer)).status).toBe(200)
  })

  it('is nobody without a session token, and the reason is told', async () => {
    const reasonFor = async (token: string | null): Promise<unknown[]> => {
      const { status, body } = await post('', { token, body: sample })
      return [status, body.error?.code]
    }
    expect(await reasonFor(null)).toEqual([401, 'token_missing'])
    expect(await reasonFor(gateway.backend.secretKey)).toEqual([401, 'token_malformed'])
    expect(await reasonFor(gateway.backend.publishableKey)).toEqual([401, 'token_wrong_kind'])
    const ended = await gateway.signIn(0)
    await gateway.signOut(ended)
    expect(await reasonFor(ended)).toEqual([401, 'session_revoked'])
  })

  it('is written down, with what they did, from where, and how it went', async () => {
    const id = await make()
    await post(`/${id}/cancel`, { token: amir })
    await post(`/${id}/cancel`, { token: amir })
    await post(`/${id}/cancel`, { token: bea })
    await post(`/${id}/cancel`, { token: null })
    await gateway.gateway.close()
    const rows = await database().query(
      `select email, action, result, remote_address as address from public.audit_log
       where subject = $1 order by id`,
      [id],
    )
    const address = '127.0.0.1'
    expect(rows).toEqual([
      { email: 'alice@acme.test', action: 'job.create', result: 'done', address },
      { email: 'amir@acme.test', action: 'job.cancel', result: 'done', address },
      { email: 'amir@acme.test', action: 'job.cancel', result: 'job_not_cancellable', address },
      { email: 'bea@borealis.test', action: 'job.cancel', result: 'job_unknown', address },
    ])
    const refused = await database().query(
      `select subject from public.audit_log
       where action = 'http.request' and result = 'token_missing'`,
    )
    expect(refused).toContainEqual({ subject: 'POST /api/v1/jobs/:job/cancel' })
  })
})

describe('a translation that runs', () => {
  it('stops soon after it was cancelled, and a processor takes the retry', async () => {
    const { supabaseUrl, secretKey } = gateway.backend
    const processor = new Processor({
      database: database(),
      log: createLog('translation', () => undefined),
      worker: 'processor',
      slots: 1,
      pace: 1,
      supabase: { url: () => supabaseUrl, serviceKey: secretKey },
    })
    await database().query('delete from public.translation_jobs')
    processor.start()
    const { id } = (await post('', { body: translation })).body
    const stands = (): Promise<object[]> =>
      database().query(
        `select t.status, t.attempt, j.worker from public.translation_jobs t
         join public.jobs j on j.id = t.id::text where t.id = $1`,
        [id],
      )
    const runs = (attempt: number): Promise<void> =>
      untilAsked(`attempt ${attempt} runs`, async () => {
        const [now] = await stands()
        return JSON.stringify(now).includes(`"processing","attempt":${attempt}`)
      })
    await runs(1)
    expect((await post(`/${id}/cancel`)).status).toBe(200)
    await untilAsked('its slot is free', () => Promise.resolve(processor.busy === 0), 2_000)
    expect(await stands()).toEqual([{ status: 'cancelled', attempt: 1, worker: null }])
    expect((await post(`/${id}/retry`)).status).toBe(200)
    await runs(2)
    await processor.close()
    expect(await stands()).toEqual([{ status: 'pending', attempt: 3, worker: null }])
  })
})

describe('acts at the same moment', () => {
  type Step = 'cancel' | 'retry' | 'begin' | 'finish' | 'fail'
  const steps = fc.array(
    fc.array(fc.constantFrom<Step>('cancel', 'retry', 'begin', 'finish', 'fail'), {
      minLength: 1,
      maxLength: 4,
    }),
    { minLength: 1, maxLength: 5 },
  )

  /** Answers whether it was done. */
  async function take(step: Step, id: string): Promise<boolean> {
    if (step === 'cancel' || step === 'retry') {
      const { status } = await post(`/${id}/${step}`)
      expect([200, 409]).toContain(status)
      return status === 200
    }
    const run = await begin(id)
    if (step === 'begin') return true
    const last = step === 'finish' ? run.succeed('Done') : run.fail({ code: 'x', message: 'broke' })
    return last.then(
      () => true,
      (error: unknown) => {
        expect(error).toBeInstanceOf(Superseded)
        return false
      },
    )
  }

  it('come one after the other: an attempt ends once, and each retry is one attempt', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (rounds) => {
        const id = await make()
        let retries = 0
        for (const round of rounds) {
          const done = await Promise.all(round.map((step) => take(step, id)))
          retries += round.filter((step, at) => step === 'retry' && done[at]).length
        }
        const changes = await database().query<{ attempt: number; seq: number; status: string }>(
          `select attempt, seq::int as seq, job ->> 'status' as status
           from public.job_changes where job_id = $1 order by "offset"`,
          [id],
        )
        expect((await read(id)).attempt).toBe(retries + 1)
        for (let attempt = 1; attempt <= retries + 1; attempt += 1) {
          const own = changes.filter((change) => change.attempt === attempt)
          expect(own.map(({ seq }) => seq)).toEqual(own.map((_, at) => at + 1))
          // Once it has ended nothing of the attempt changes any more.
          const last = own.findIndex(({ status }) => !/^(queued|running)$/.test(status))
          expect([-1, own.length - 1]).toContain(last)
          if (attempt <= retries) expect(own.at(-1)?.status).toMatch(/^(failed|cancelled)$/)
        }
      }),
      { numRuns: 25 },
    )
  })
})
