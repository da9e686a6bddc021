import assert from 'node:assert/strict'
import { jobKeyOf } from '../../../src/shared/job-key.ts'
import { isFinal } from '../../../src/shared/job.ts'
import type { JobRow } from '../../../src/shared/job.ts'
import type { EventPayload } from '../../../src/shared/ipc/contract.ts'

type Batch = EventPayload<'jobs:batched'>

/**
 * What a window shows, and was ever shown: it takes batches as the renderer does, and looks at every
 * row for what must never be seen.
 */
export class Pane {
  readonly rows = new Map<string, JobRow>()
  /** Every row that ever came, also of jobs that are gone: those are held to their word as well. */
  readonly #shown = new Map<string, JobRow>()
  #batch = 0
  /** The batch that is not acknowledged yet. */
  waiting: number | null = null
  tenantIds: readonly string[]

  constructor(tenantIds: readonly string[]) {
    this.tenantIds = tenantIds
  }

  open({ batch, rows, groups }: Pick<Batch, 'batch' | 'rows' | 'groups'>): void {
    this.#batch = batch
    this.waiting = null
    this.rows.clear()
    this.#take(rows, groups)
  }

  batch({ batch, rows, removed, groups }: Batch): void {
    assert.equal(this.waiting, null, 'two batches in flight')
    assert.equal(batch, this.#batch + 1, 'a batch is missing')
    this.#batch = batch
    this.waiting = batch
    for (const key of removed) this.rows.delete(key)
    this.#take(rows, groups)
  }

  /** Another history of the server, or another operator: nothing holds anything to its word. */
  forget(): void {
    this.#shown.clear()
  }

  #take(rows: readonly JobRow[], groups: Batch['groups']): void {
    for (const row of rows) {
      this.rows.set(jobKeyOf(row), row)
      this.look(row)
    }
    for (const { tenantId } of groups) this.#checkTenant(tenantId)
  }

  /** I10 and I12 of one row, wherever it was seen. */
  look(row: JobRow): void {
    this.#checkTenant(row.tenantId)
    const key = jobKeyOf(row)
    const before = this.#shown.get(key)
    this.#shown.set(key, row)
    assert.ok(row.progress >= 0 && row.progress <= 100, `I10: ${row.progress} percent`)
    if (before === undefined || row.attempt > before.attempt) return
    assert.equal(row.attempt, before.attempt, 'I10: the attempt fell')
    assert.ok(row.progress >= before.progress, 'I10: progress fell')
    if (isFinal(before.status)) assert.equal(row.status, before.status, 'I10: an end was undone')
  }

  #checkTenant(tenantId: string): void {
    assert.ok(this.tenantIds.includes(tenantId), `I12: ${tenantId} was shown`)
  }
}
