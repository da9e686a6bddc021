import type { WireJob } from '../../../shared/job.ts'
import type { Database } from '../../database/database.ts'
import type { JobChange } from '../feed.ts'

export interface ChangeFields {
  readonly position: number
  readonly tenantId: string
  readonly offset: number
  readonly jobId: string
  readonly attempt: number
  readonly seq: number
  readonly jobText: string
  readonly changesText: string
}

/** A change as it was read; its JSON is only parsed for those who look inside. */
export class LoggedChange implements JobChange {
  readonly position: number
  readonly tenantId: string
  readonly offset: number
  readonly jobId: string
  readonly attempt: number
  readonly seq: number
  readonly jobText: string
  readonly changesText: string
  #job: WireJob | null = null
  #changes: Partial<WireJob> | null = null

  constructor(fields: ChangeFields) {
    this.position = fields.position
    this.tenantId = fields.tenantId
    this.offset = fields.offset
    this.jobId = fields.jobId
    this.attempt = fields.attempt
    this.seq = fields.seq
    this.jobText = fields.jobText
    this.changesText = fields.changesText
  }

  get job(): WireJob {
    return (this.#job ??= JSON.parse(this.jobText) as WireJob)
  }

  get changes(): Partial<WireJob> {
    return (this.#changes ??= JSON.parse(this.changesText) as Partial<WireJob>)
  }
}

/** The newest change of each tenant at one moment. */
export interface LogHeads {
  readonly position: number
  readonly offsets: ReadonlyMap<string, number>
}

/** Reads the log of changes of all tenants; only for what does not leave the gateway unfenced. */
export class ChangeLog {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** From tenant to tenant through the index: what a tenant's log holds is not read. */
  async heads(): Promise<LogHeads> {
    const rows = await this.#database.query<{ id: string; offset: number; position: number }>(
      `with recursive tenants(id) as (
         (select tenant_id from public.job_changes order by tenant_id limit 1)
         union all
         select (select c.tenant_id from public.job_changes c where c.tenant_id > tenants.id
                 order by c.tenant_id limit 1)
         from tenants where tenants.id is not null
       )
       select tenants.id, newest."offset"::float8 as offset, newest.position::float8 as position
       from tenants cross join lateral (
         select c."offset", c.position from public.job_changes c where c.tenant_id = tenants.id
         order by c."offset" desc limit 1
       ) as newest`,
    )
    return {
      position: rows.reduce((most, row) => Math.max(most, row.position), 0),
      offsets: new Map(rows.map((row) => [row.id, row.offset])),
    }
  }

  async after(position: number, limit: number): Promise<LoggedChange[]> {
    const rows = await this.#database.query<ChangeFields>(
      `select position::float8 as position, tenant_id as "tenantId", "offset"::float8 as offset,
         job_id as "jobId", attempt, seq::float8 as seq, job::text as "jobText",
         changes::text as "changesText"
       from public.job_changes where position > $1 order by position limit $2`,
      [position, limit],
    )
    return rows.map((row) => new LoggedChange(row))
  }

  /** Whoever goes on from an offset of before starts over. */
  async renewEpoch(): Promise<void> {
    await this.#database.query('update public.job_stream set epoch = gen_random_uuid()')
  }

  async epoch(): Promise<string> {
    const [row] = await this.#database.query<{ epoch: string }>(
      'select epoch::text as epoch from public.job_stream',
    )
    return row?.epoch ?? ''
  }
}
