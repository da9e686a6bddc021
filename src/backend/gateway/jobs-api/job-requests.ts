import type { Database, Queryable } from '../../database/database.ts'
import { refuse, type Answer } from '../answers.ts'

/** A request that changes something. */
export interface JobRequest {
  readonly userId: string
  /** The `Idempotency-Key`, or null. */
  readonly key: string | null
  /** Differs with everything that was asked for. */
  readonly fingerprint: string
}

/** How long the twin of a request, or a job's lock, is waited for. */
const lockTimeoutMs = 5_000
const lockNotAvailable = '55P03'
/** Old lines that each new one clears away, so that their number stays. */
const sweptAtOnce = 20

interface Kept {
  readonly fingerprint: string
  readonly status: Answer['status']
  readonly answer: object
}

/**
 * Acts in one transaction, and only once for each key: the line of the key, the act and the answer
 * are committed together, and a twin waits for them. A refusal is not kept: nothing was done, so
 * the same key may be tried again.
 */
export async function actOnce(
  database: Database,
  request: JobRequest,
  act: (inside: Queryable) => Promise<Answer>,
): Promise<Answer> {
  const stage: { waitsForTwin: boolean } = { waitsForTwin: false }
  try {
    return await database.tx(async (inside) => {
      await inside.query(`set local lock_timeout = ${lockTimeoutMs}`)
      if (request.key === null) return act(inside)
      stage.waitsForTwin = true
      const before = await reserve(inside, request)
      stage.waitsForTwin = false
      if (before !== null) return replay(before, request)
      const answer = await act(inside)
      await keep(inside, request, answer)
      return answer
    })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === lockNotAvailable)) throw error
    return stage.waitsForTwin
      ? refuse(409, 'idempotency_key_in_use', {
          message: 'The same request is under way; ask again for its answer.',
          retryAfterSeconds: 1,
        })
      : refuse(503, 'job_busy', {
          message: 'The job is being written to; try again.',
          retryAfterSeconds: 1,
        })
  }
}

/** Null when the key is now this request's; otherwise what it stood for before. */
async function reserve(inside: Queryable, request: JobRequest): Promise<Kept | null> {
  const { userId, key, fingerprint } = request
  const mine = await inside.query(
    `insert into public.job_requests as r (user_id, key, fingerprint) values ($1, $2, $3)
     on conflict (user_id, key) do update
       set fingerprint = excluded.fingerprint, status = null, answer = null,
         created_at = excluded.created_at
       where r.created_at < clock_timestamp() - interval '24 h'
     returning key`,
    [userId, key, fingerprint],
  )
  if (mine.length > 0) return null
  const [kept] = await inside.query<Kept>(
    'select fingerprint, status, answer from public.job_requests where user_id = $1 and key = $2',
    [userId, key],
  )
  return kept ?? null
}

function replay(before: Kept, { fingerprint }: JobRequest): Answer {
  return before.fingerprint === fingerprint
    ? { status: before.status, body: before.answer, headers: { 'idempotency-replayed': 'true' } }
    : refuse(422, 'idempotency_key_reused', {
        message: 'Idempotency-Key: was used for another request before',
      })
}

async function keep(inside: Queryable, request: JobRequest, answer: Answer): Promise<void> {
  const { userId, key } = request
  if (answer.status >= 400) {
    await inside.query('delete from public.job_requests where user_id = $1 and key = $2', [
      userId,
      key,
    ])
    return
  }
  await inside.query(
    'update public.job_requests set status = $3, answer = $4 where user_id = $1 and key = $2',
    [userId, key, answer.status, JSON.stringify(answer.body)],
  )
  await inside.query(
    `delete from public.job_requests where (user_id, key) in (
       select user_id, key from public.job_requests
       where created_at < clock_timestamp() - interval '24 h'
       order by created_at limit ${sweptAtOnce} for update skip locked
     )`,
  )
}
