import fc from 'fast-check'
import { isFinal } from '../../../src/shared/job.ts'
import type { JobStatus, WireJob } from '../../../src/shared/job.ts'
import { wireJob } from '../wire-jobs.ts'

/** What happens to one job at the server. */
export type Turn =
  | { readonly to: 'queued' | 'running'; readonly progress: number }
  | { readonly to: 'succeeded' | 'failed' | 'cancelled'; readonly progress: number }
  | { readonly to: 'again' }

export const anyTurn: fc.Arbitrary<Turn> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.nat(100).map((progress): Turn => ({ to: 'running', progress })),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({
        to: fc.constantFrom('succeeded' as const, 'failed' as const, 'cancelled' as const),
        progress: fc.nat(100),
      })
      .map((turn): Turn => turn),
  },
  { weight: 2, arbitrary: fc.constant<Turn>({ to: 'again' }) },
)

const keyOf = (tenantId: string, id: string): string => `${tenantId}/${id}`

/**
 * What a server has, and how it came to it: it is right by definition. An attempt ends once, and
 * every event has a number and a moment of its own; no job that was removed comes back. Progress
 * falls only with a new attempt, unless the server is one that takes back what it said.
 */
export class Truth {
  readonly #jobs = new Map<string, WireJob | null>()
  readonly events: WireJob[] = []
  readonly #falls: boolean
  #ms = Date.UTC(2026, 10, 20, 13)

  constructor(falls = false) {
    this.#falls = falls
  }

  /** A job begins, or goes on. Null: nothing can happen to it any more in this attempt. */
  turn(tenantId: string, id: string, turn: Turn): WireJob | null {
    const before = this.#jobs.get(keyOf(tenantId, id))
    if (before === null) return null
    const next = before === undefined ? this.#begun(tenantId, id) : this.#next(before, turn)
    if (next === null) return null
    this.#ms += 1_000
    const event = { ...next, updated_at: new Date(this.#ms).toISOString() }
    this.#jobs.set(keyOf(tenantId, id), event)
    this.events.push(event)
    return event
  }

  /** The server keeps no memory of it. */
  remove(tenantId: string, id: string): boolean {
    const key = keyOf(tenantId, id)
    if (this.#jobs.get(key) == null) return false
    this.#jobs.set(key, null)
    return true
  }

  of(tenantIds: readonly string[]): WireJob[] {
    return [...this.#jobs.values()]
      .filter((job) => job !== null)
      .filter((job) => tenantIds.includes(job.tenant_id))
  }

  find(tenantIds: readonly string[], id: string): WireJob | undefined {
    return this.of(tenantIds).find((job) => job.id === id)
  }

  #begun(tenantId: string, id: string): WireJob {
    const created_at = new Date(this.#ms).toISOString()
    return wireJob({ id, name: `Import ${id}`, tenant_id: tenantId, created_at, progress: 0 })
  }

  #next(before: WireJob, turn: Turn): WireJob | null {
    const isOver = isFinal(before.status)
    if (turn.to === 'again') {
      const { attempt } = before
      return isOver ? moved(before, { attempt: attempt + 1, seq: 1, status: 'running' }, 0) : null
    }
    if (isOver) return null
    const progress = this.#falls ? turn.progress : Math.max(before.progress, turn.progress)
    return moved(before, { seq: before.seq + 1, status: turn.to }, progress)
  }
}

function moved(
  before: WireJob,
  to: { readonly attempt?: number; readonly seq: number; readonly status: JobStatus },
  progress: number,
): WireJob {
  const message = `${to.status} at ${progress} (${to.attempt ?? before.attempt}.${to.seq})`
  return { ...before, ...to, progress, message }
}

/** What a window may say of a job to be right about it. */
export const essence = (job: {
  readonly id: string
  readonly attempt: number
  readonly status: string
  readonly progress: number
  readonly message: string | null
}): unknown => {
  const { id, attempt, status, progress, message } = job
  return { id, attempt, status, progress, message }
}
