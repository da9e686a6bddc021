import type { WireJob, TimelineEntry } from '../../shared/job.ts'
import type { Database } from '../database/database.ts'
import type { Claims } from '../tokens/claims.ts'
import { asCaller, idsOf } from './caller.ts'
import { writeCursor, type EventsQuery, type JobsQuery } from './queries.ts'
import { readHead } from './stream/stream-head.ts'

/** More active jobs than this are not listed at once. */
const mostActive = 5_000

interface ListedJob {
  readonly job: WireJob
  readonly created: string
}

/**
 * Reads jobs. What is read for a caller is fenced twice: by the statement, and by row level
 * security under the caller's own claims.
 */
export class JobReader {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Queued and running, newest first. */
  async active(claims: Claims): Promise<WireJob[]> {
    const rows = await this.#read<{ job: WireJob }>(
      claims,
      `select public.job_wire(j) as job from public.jobs j
       where tenant_id = any ($1) and status in ('queued', 'running')
       order by created_at desc, id desc limit ${mostActive}`,
    )
    return rows.map((row) => row.job)
  }

  async list(claims: Claims, query: JobsQuery): Promise<object> {
    const { status = null, since = null, search = null, cursor, limit } = query
    const pattern = search === null ? null : `%${search.replaceAll(/[\\%_]/g, '\\$&')}%`
    // Before the jobs: what happens in between is then told again rather than lost.
    const head = await readHead(this.#database, claims)
    const rows = await this.#read<ListedJob>(
      claims,
      `select public.job_wire(j) as job, created_at::text as created from public.jobs j
       where tenant_id = any ($1)
         and ($2::text[] is null or status = any ($2))
         and ($3::timestamptz is null or updated_at >= $3)
         and ($4::text is null or name ilike $4 or id ilike $4 or kind ilike $4)
         and ($5::timestamptz is null or (created_at, id) < ($5, $6::text))
       order by created_at desc, id desc limit $7`,
      [status, since, pattern, cursor?.[0] ?? null, cursor?.[1] ?? null, limit + 1],
    )
    const page = rows.slice(0, limit)
    const last = page.at(-1)
    const more = rows.length > limit && last !== undefined
    return {
      jobs: page.map((row) => row.job),
      next_cursor: more ? writeCursor([last.created, last.job.id]) : null,
      epoch: head.epoch,
      offset: head.offset,
    }
  }

  /** By id, or else the newest of that name, one that is active first. */
  async find(claims: Claims, key: string): Promise<WireJob | null> {
    const [row] = await this.#read<{ job: WireJob }>(
      claims,
      `select public.job_wire(j) as job from public.jobs j
       where tenant_id = any ($1) and (id = $2 or name = $2)
       order by id = $2 desc, finished_at is null desc, created_at desc limit 1`,
      [key],
    )
    return row?.job ?? null
  }

  /** Lines of a job that `find` has found, in the order asked for. */
  async events(claims: Claims, jobId: string, query: EventsQuery): Promise<object> {
    const { attempt = null, cursor, limit, order } = query
    const onward = order === 'asc' ? '>' : '<'
    const from = cursor?.[0] ?? (order === 'asc' ? 0 : Number.MAX_SAFE_INTEGER)
    const rows = await this.#read<TimelineEntry & { id: number }>(
      claims,
      `select id::float8 as id, seq::float8 as seq, attempt, public.wire_time(at) as at, level, kind, text
       from public.job_events
       where tenant_id = any ($1) and job_id = $2
         and ($3::int is null or attempt = $3) and id ${onward} $4
       order by id ${order} limit $5`,
      [jobId, attempt, from, limit + 1],
    )
    const page = rows.slice(0, limit)
    const last = page.at(-1)
    return {
      events: page.map(({ seq, attempt: of, at, level, kind, text }) => ({
        seq,
        attempt: of,
        at,
        level,
        kind,
        text,
      })),
      next_cursor: rows.length > limit && last !== undefined ? writeCursor([last.id]) : null,
    }
  }

  /** For a channel, whose watchers have each been let in before. */
  async state(jobId: string): Promise<WireJob | null> {
    const [row] = await this.#database.query<{ job: WireJob }>(
      'select public.job_wire(j) as job from public.jobs j where id = $1',
      [jobId],
    )
    return row?.job ?? null
  }

  /** `$1` is the caller's tenants. */
  #read<Row>(claims: Claims, sql: string, params: readonly unknown[] = []): Promise<Row[]> {
    return this.#database.asCaller(asCaller(claims), (inside) =>
      inside.query<Row>(sql, [idsOf(claims), ...params]),
    )
  }
}
