import { isFinal } from '../../../shared/job.ts'
import type { Job } from '../../../shared/job.ts'
import type { JobTable } from '../../../shared/profile.ts'
import type { Intake } from '../intake.ts'
import { idIn, isWhole, toWire, untoldIn } from './rows.ts'
import type { Row } from './rows.ts'

/** What a row came to. */
export interface Taken {
  readonly job: Job
  /** What this source knew of the job before. */
  readonly before: Job | undefined
}

/**
 * The rows of the table as jobs, however they come. It owns the knowledge of which of them have not
 * ended, so that those that disappear can be looked for.
 */
export class TableRows {
  readonly columns: JobTable['columns']
  readonly #intake: Intake
  readonly #unfinished = new Set<string>()

  constructor(intake: Intake, columns: JobTable['columns']) {
    this.#intake = intake
    this.columns = columns
  }

  /** Those that were heard of least recently come first. */
  get unfinished(): ReadonlySet<string> {
    return this.#unfinished
  }

  /** A row as it stands in the table; null when it says nothing. */
  take(row: Row): Taken | null {
    return this.#take(row, false)
  }

  /**
   * A row as a change tells it. False when that is not all of it, and what is left out cannot be
   * known: the row has to be read.
   */
  takeChange(row: Row): boolean {
    const whole = isWhole(row, this.columns)
    const taken = this.#take(row, !whole)
    return whole || taken === null || taken.before?.attempt === taken.job.attempt
  }

  /** A row is gone. Deletes are told to everybody, so most of them mean nothing here. */
  forget(jobId: string): void {
    const isKnown = this.#unfinished.delete(jobId) || this.#intake.last(jobId) !== undefined
    if (isKnown) this.#intake.forget(jobId)
  }

  #take(row: Row, isChange: boolean): Taken | null {
    const raw = toWire(row, this.columns)
    const before = this.#intake.last(idIn(row, this.columns) ?? '')
    const job = this.#intake.takeRow(raw, { isChange, untold: untoldIn(row, this.columns) })
    if (job === null) return null
    this.#unfinished.delete(job.id)
    if (!isFinal(job.status)) this.#unfinished.add(job.id)
    return { job, before }
  }
}
