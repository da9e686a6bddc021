import { z } from 'zod'
import { isFinal, jobIdPattern } from '../../shared/job.ts'
import type { Job } from '../../shared/job.ts'
import type { Scope } from '../lib/scope.ts'
import type { GatewayAnswer, GatewayHttp } from './gateway-http.ts'
import { outOfStep } from './close-codes.ts'
import { segment } from './gateway-url.ts'
import type { Intake } from './intake.ts'
import type { JobSink } from './source.ts'

const pageSize = 200
/** A desk starts with at most this many pages of jobs; older ones are history. */
const maxPages = 25
/** Changes of one moment may be listed in any order, and of two servers one is late. */
const overlapMs = 5_000
/** Single jobs asked for in one round. */
const maxSingles = 10

const list = z.array(z.unknown()).max(10_000)
const activeSchema = z.union([
  z.object({ active_jobs: list }).transform((body) => body.active_jobs),
  z.object({ jobs: list }).transform((body) => body.jobs),
])
const recentSchema = z.object({
  jobs: list,
  next_cursor: z.string().min(1).max(512).nullish().catch(null),
  /** Another one than before: every job's numbers begin again. */
  epoch: z.string().min(1).max(128).nullish().catch(null),
})

/** Jobs from the list, newest first; `whole` when there is no further page. */
interface Recent {
  readonly jobs: readonly Job[]
  readonly whole: boolean
}

interface Page extends Recent {
  readonly cursor: string | null
}

/** What discovery found: each id, with the job when the backend lists jobs and not just names. */
export type Active = ReadonlyMap<string, Job | null>

export interface Beside {
  readonly ask: GatewayHttp
  /** Closed when nobody wants it any more. */
  readonly scope: Scope
  readonly told: () => readonly Job[]
  readonly isAllTold: boolean
}

/**
 * Reads the gateway's lists into the sink. It owns no state but what it knows of this backend:
 * whether it serves a list of jobs at all, and in which epoch it was read.
 */
export class Catalogue {
  readonly #intake: Intake
  readonly #sink: JobSink
  readonly #onOpen: ((jobId: string) => void) | undefined
  #served: boolean | null = null
  /** The list of jobs could not be had when it was wanted. */
  #behind = false
  #epoch: string | null = null
  /** The epoch was left and what was known has not been replaced yet. */
  #isAnew = false
  /** The latest change that was listed, by the server's clock. */
  #newestMs: number | null = null

  /** `onOpen`: a job that is not over is on a list. */
  constructor(intake: Intake, sink: JobSink, onOpen?: (jobId: string) => void) {
    this.#intake = intake
    this.#sink = sink
    this.#onOpen = onOpen
  }

  /** Null when the body is not a discovery answer. */
  readActive(body: unknown): Active | null {
    const parsed = activeSchema.safeParse(body)
    if (!parsed.success) return null
    const active = new Map<string, Job | null>()
    for (const entry of parsed.data) {
      if (typeof entry === 'string') {
        if (jobIdPattern.test(entry)) active.set(entry, null)
        else this.#sink.dropped('malformed')
        continue
      }
      const job = this.#read(entry)
      if (job !== null) active.set(job.id, job)
    }
    return active
  }

  /** The next round takes everything, whatever was known. */
  readWhole(): void {
    this.#behind = true
  }

  /**
   * Takes what discovery listed. After an interruption (`whole`) the finished jobs as well: then
   * what the server lists is all there is, if its list has no second page.
   */
  async take(
    active: Active,
    { ask, whole }: { readonly ask: GatewayHttp; readonly whole: boolean },
  ): Promise<GatewayAnswer | null> {
    const jobs = [...active.values()].filter((job) => job !== null)
    if (!whole && !this.#behind) {
      this.#takeEach(jobs)
      await this.#takeEnded(ask)
      return null
    }
    const recent = await this.#recent(ask, maxPages, (epoch) => this.#enter(epoch))
    this.#behind = 'kind' in recent && recent.kind === 'failed'
    if ('kind' in recent) {
      this.#takeEach(this.#stillThere(jobs))
      return recent.kind === 'failed' && recent.verdict.kind === 'stop' ? recent : null
    }
    if (this.#isAnew && this.#epoch !== null) {
      // What discovery listed may be of the epoch that was left: the next round asks again.
      this.#sink.takeAll(this.#stillThere(recent.jobs), this.#epoch)
      this.#isAnew = false
      this.#behind = true
      return null
    }
    const all = this.#stillThere([...recent.jobs, ...jobs])
    if (recent.whole && jobs.length === active.size) this.#sink.takeAll(all)
    else this.#takeEach(all)
    return null
  }

  /**
   * Takes all that is listed beside a stream. What the stream has told of (`told`, asked at the
   * end) is not gone because an older list does not name it. `isAllTold`: for a gateway that lists
   * nothing, it is everything.
   */
  async takeBeside(
    active: Active,
    { ask, scope, told, isAllTold }: Beside,
  ): Promise<GatewayAnswer | null> {
    const recent = await this.#recent(ask, maxPages)
    if (scope.closed) return null
    if ('kind' in recent && recent.kind === 'failed') return recent
    const jobs = [...active.values()].filter((job) => job !== null)
    const isComplete = jobs.length === active.size
    if ('kind' in recent) {
      if (isAllTold) this.#sink.takeAll(told())
      else this.#takeEach(jobs)
    } else if (recent.whole && isComplete) {
      this.#sink.takeAll([...recent.jobs, ...jobs, ...told()])
    } else this.#takeEach([...recent.jobs, ...jobs])
    return null
  }

  /** The newest jobs, for those that have no socket. */
  async refresh(ask: GatewayHttp): Promise<void> {
    const recent = await this.#recent(ask, 1)
    if ('jobs' in recent) this.#takeEach(recent.jobs)
  }

  /** Jobs that were active and are listed no more: how did they end? */
  async resolve(jobIds: readonly string[], ask: GatewayHttp): Promise<void> {
    await this.refresh(ask)
    const open = jobIds.filter((id) => !this.#isOver(id))
    for (const id of open.slice(0, maxSingles)) {
      const answer: GatewayAnswer =
        this.#served === false ? { kind: 'missing' } : await ask(`api/v1/jobs/${segment(id)}`)
      if (answer.kind === 'missing') this.#intake.forget(id)
      if (answer.kind !== 'body') continue
      const job = this.#intake.readListed(answer.body)
      if (job !== null) this.#sink.take(job)
    }
  }

  /** Jobs that ended lately: one that began and ended between two rounds is on no list of active ones. */
  async #takeEnded(ask: GatewayHttp): Promise<void> {
    if (this.#served !== true || this.#newestMs === null) return
    const since = encodeURIComponent(new Date(this.#newestMs - overlapMs).toISOString())
    const answer = await ask(
      `api/v1/jobs?limit=${pageSize}&status=succeeded,failed,cancelled&since=${since}`,
    )
    const page = answer.kind === 'body' ? recentSchema.safeParse(answer.body) : null
    if (page?.success !== true) return
    if ((page.data.epoch ?? null) === this.#epoch) this.#takeEach(this.#readPage(page.data).jobs)
    else this.#behind = true
  }

  /** Without those that were withdrawn while the lists were read. */
  #stillThere(jobs: readonly Job[]): Job[] {
    return jobs.filter(({ id }) => this.#intake.last(id) !== undefined)
  }

  #takeEach(jobs: Iterable<Job>): void {
    for (const job of jobs) this.#sink.take(job)
  }

  /** True when it is another epoch than that of the list before (F53). */
  #enter(epoch: string): boolean {
    const isOther = this.#epoch !== null && this.#epoch !== epoch
    this.#epoch = epoch
    if (!isOther) return false
    this.#isAnew = true
    this.#intake.restart()
    return true
  }

  async #recent(
    ask: GatewayHttp,
    pages: number,
    enter?: (epoch: string) => boolean,
  ): Promise<GatewayAnswer | Recent> {
    if (this.#served === false) return { kind: 'missing' }
    const jobs: Job[] = []
    let cursor: string | null = null
    for (let page = 0; page < pages; page += 1) {
      const read: GatewayAnswer | Page = await this.#page(ask, cursor, enter)
      if ('kind' in read) return read
      jobs.push(...read.jobs)
      cursor = read.cursor
      if (cursor === null) break
    }
    return { jobs, whole: cursor === null }
  }

  async #page(
    ask: GatewayHttp,
    from: string | null,
    enter?: (epoch: string) => boolean,
  ): Promise<GatewayAnswer | Page> {
    const after = from === null ? '' : `&cursor=${encodeURIComponent(from)}`
    const answer = await ask(`api/v1/jobs?limit=${pageSize}${after}`)
    if (answer.kind === 'missing') this.#served = false
    if (answer.kind !== 'body') return answer
    const parsed = recentSchema.safeParse(answer.body)
    if (!parsed.success) return { kind: 'missing' }
    this.#served = true
    const { epoch } = parsed.data
    const isOther = epoch !== null && epoch !== undefined && enter?.(epoch) === true
    // The pages before were of the epoch that is left.
    if (isOther && from !== null) return { kind: 'failed', verdict: outOfStep }
    return this.#readPage(parsed.data)
  }

  #readPage({ jobs: listed, next_cursor: next }: z.infer<typeof recentSchema>): Page {
    const jobs = listed.map((raw) => this.#read(raw)).filter((job) => job !== null)
    const cursor = next ?? null
    return { jobs, whole: cursor === null, cursor }
  }

  #read(raw: unknown): Job | null {
    const job = this.#intake.readListed(raw)
    const changedMs = job === null ? Number.NaN : Date.parse(job.updatedAt)
    if (changedMs > (this.#newestMs ?? -Infinity)) this.#newestMs = changedMs
    if (job !== null && !isFinal(job.status)) this.#onOpen?.(job.id)
    return job
  }

  #isOver(jobId: string): boolean {
    const last = this.#intake.last(jobId)
    return last === undefined || isFinal(last.status)
  }
}
