import type { Database } from '../../database/database.ts'
import type { Claims } from '../../tokens/claims.ts'
import { asCaller, idsOf } from '../caller.ts'
import { writeCursor } from '../queries.ts'
import { headColumns, readHead, toHead, type HeadRow, type StreamHead } from './stream-head.ts'
import { SnapshotFrames } from './snapshot-frames.ts'
import { Turns } from './turns.ts'

/** A snapshot names so many jobs; where more are there, `next_cursor` goes on with the jobs API. */
const mostJobs = 5_000
/** Jobs that ended so lately are still in a snapshot. */
const endedMinutes = 10
/** Of several tenants together, more missed changes than this are not looked for. */
const mostMissedTogether = 100_000
/** However many clients come back at once, so many of them are read for at a time. */
const readsAtOnce = 6

/** Offsets by tenant: where in each tenant's log a client stands. */
export type Standing = ReadonlyMap<string, number>

export interface StreamSnapshot extends StreamHead {
  /** Everyone with the same tenants may be sent the same. */
  readonly frames: SnapshotFrames
}

export interface ResumePlan extends StreamHead {
  /** Null when what was missed is not kept any more, or never was. */
  readonly from: Standing | null
}

export interface ResumePage {
  /** JSON, in order. */
  readonly jobs: readonly string[]
  readonly next: Standing
}

interface SnapshotRow extends HeadRow {
  /** One a line: no JSON of PostgreSQL's has a line break in it. */
  readonly jobs: string | null
  readonly last: readonly [string, string] | null
}

/** Reads for tenant streams, fenced twice as every read for a caller. */
export class StreamReader {
  readonly #database: Database
  readonly #turns = new Turns(readsAtOnce)

  constructor(database: Database) {
    this.#database = database
  }

  /** Jobs and offset of one moment: it is one statement. */
  async snapshot(claims: Claims): Promise<StreamSnapshot> {
    const ids = idsOf(claims)
    const [row] = await this.#read<SnapshotRow>(
      claims,
      `with listed as (
         select public.job_wire(j)::text as job, j.created_at, j.id,
           row_number() over (order by j.created_at desc, j.id desc) as nth
         from public.jobs j
         where tenant_id = any ($1) and (
           finished_at is null or finished_at > clock_timestamp() - make_interval(mins => $2)
         )
         order by j.created_at desc, j.id desc limit $3 + 1
       )
       select ${headColumns},
         (select string_agg(job, chr(10) order by nth) from listed where nth <= $3) as jobs,
         (select jsonb_build_array(created_at::text, id) from listed
          where nth = $3 and exists (select from listed where nth > $3)) as last`,
      [ids, endedMinutes, mostJobs],
    )
    const head = toHead(row ?? { epoch: '', heads: [] }, ids)
    const cursor = row?.last ?? null
    const said = {
      type: 'snapshot',
      epoch: head.epoch,
      offset: head.offset,
      ...(cursor === null ? {} : { next_cursor: writeCursor([...cursor]) }),
    }
    return { ...head, frames: new SnapshotFrames(said, row?.jobs?.split('\n') ?? []) }
  }

  /** Where a client that has seen `offset` changes of its tenants has to go on. */
  async plan(claims: Claims, offset: number): Promise<ResumePlan> {
    const head = await this.#turns.take(() => readHead(this.#database, claims))
    const missed = head.offset - offset
    const kept = missed >= 0 && (head.offsets.size === 1 || missed <= mostMissedTogether)
    if (!kept) return { ...head, from: null }
    if (missed === 0) return { ...head, from: head.offsets }
    const from = await this.#standing(claims, head, missed)
    return { ...head, from }
  }

  /** The next changes; null when some of them are gone. */
  async page(claims: Claims, from: Standing, limit: number): Promise<ResumePage | null> {
    const rows = await this.#read<{ tenant: string; offset: number; job: string }>(
      claims,
      `select next.tenant_id as tenant, next."offset"::float8 as offset, next.job::text as job
       from unnest($1::text[], $2::bigint[]) as seen(tenant, at) cross join lateral (
         select * from public.job_changes c
         where c.tenant_id = seen.tenant and c."offset" > seen.at order by c."offset" limit $3
       ) as next
       order by next.position limit $3`,
      [[...from.keys()], [...from.values()], limit],
    )
    const next = new Map(from)
    for (const { tenant, offset } of rows) {
      if (offset !== (next.get(tenant) ?? 0) + 1) return null
      next.set(tenant, offset)
    }
    return { jobs: rows.map((row) => row.job), next }
  }

  /**
   * The newest `missed` changes of the set are what came after the client's moment, because the
   * order of positions is the order in which they became visible. How many of them are a tenant's
   * says where in its log that moment was.
   */
  async #standing(claims: Claims, head: StreamHead, missed: number): Promise<Standing | null> {
    const [only, ...more] = head.offsets.keys()
    if (only !== undefined && more.length === 0) {
      const from = new Map([[only, head.offset - missed]])
      return (await this.#areKept(claims, [[only, head.offset - missed + 1]])) ? from : null
    }
    const rows = await this.#read<{ tenant: string; count: number }>(
      claims,
      `with missed as (
         select last.tenant_id as tenant
         from unnest($1::text[], $2::bigint[]) as head(tenant, at) cross join lateral (
           select c.tenant_id, c.position from public.job_changes c
           where c.tenant_id = head.tenant and c."offset" <= head.at
           order by c."offset" desc limit $3
         ) as last
         order by last.position desc limit $3
       )
       select tenant, count(*)::int as count from missed group by tenant`,
      [[...head.offsets.keys()], [...head.offsets.values()], missed],
    )
    const counts = new Map(rows.map((row) => [row.tenant, row.count]))
    const from = new Map([...head.offsets].map(([id, at]) => [id, at - (counts.get(id) ?? 0)]))
    const found = rows.reduce((sum, row) => sum + row.count, 0)
    // Where even the last change before that moment is kept, none after it can be missing.
    const before = [...from].filter(([, offset]) => offset > 0)
    return found === missed && (await this.#areKept(claims, before)) ? from : null
  }

  async #areKept(
    claims: Claims,
    changes: readonly (readonly [tenant: string, offset: number])[],
  ): Promise<boolean> {
    const [row] = await this.#read<{ kept: number }>(
      claims,
      `select count(*)::int as kept from unnest($1::text[], $2::bigint[]) as wanted(tenant, at)
       join public.job_changes c on c.tenant_id = wanted.tenant and c."offset" = wanted.at`,
      [changes.map(([tenant]) => tenant), changes.map(([, offset]) => offset)],
    )
    return row?.kept === changes.length
  }

  #read<Row>(claims: Claims, sql: string, params: readonly unknown[]): Promise<Row[]> {
    return this.#turns.take(() =>
      this.#database.asCaller(asCaller(claims), (inside) => inside.query<Row>(sql, params)),
    )
  }
}
