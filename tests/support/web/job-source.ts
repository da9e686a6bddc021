import type { Group } from '../../../src/shared/ipc/contract.ts'
import type { JobRow, TimelineEntry } from '../../../src/shared/job.ts'
import { advance, makeJob, randomFrom, tenants, timelineOf } from './generated-jobs.ts'
import type { Made } from './generated-jobs.ts'

/** Jobs that move when told to. */
export class JobSource {
  readonly #jobs = new Map<string, Made>()
  readonly #random = randomFrom(7)
  #owed = 0
  #next = 0
  #cursor = 0
  #ids: string[] = []

  constructor(count: number) {
    this.add(count)
  }

  add(count: number): string[] {
    const nowMs = Date.now()
    const added = Array.from({ length: count }, () => {
      const made = makeJob(this.#next, this.#random, nowMs)
      this.#next += 1
      this.#jobs.set(made.row.id, made)
      return made.row.id
    })
    this.#ids = [...this.#jobs.keys()]
    return added
  }

  row(id: string): JobRow | undefined {
    return this.#jobs.get(id)?.row
  }

  rows(): JobRow[] {
    return [...this.#jobs.values()].map(({ row }) => row)
  }

  timeline(id: string): TimelineEntry[] {
    const made = this.#jobs.get(id)
    return made === undefined ? [] : timelineOf(made, Date.now())
  }

  /** `count` events, one after the other around all running jobs; answers whose they were. */
  move(count: number): string[] {
    this.#owed += count
    const moved: string[] = []
    let tries = this.#ids.length
    while (this.#owed >= 1 && tries > 0) {
      tries -= 1
      const id = this.#ids[this.#cursor % this.#ids.length]
      this.#cursor += 1
      const made = id === undefined ? undefined : this.#jobs.get(id)
      if (id === undefined || made?.row.status !== 'running') continue
      // One of the first stands still, to be seen as stalled.
      if (id.startsWith('job_00003')) continue
      this.#owed -= 1
      this.#jobs.set(id, advance(made, this.#random, Date.now()))
      moved.push(id)
    }
    return moved
  }

  groups(): Group[] {
    const second = Math.floor(Date.now() / 2_000)
    return tenants
      .map(({ id }, index) => {
        const own = this.rows().filter((row) => row.tenantId === id)
        const count = (status: JobRow['status']): number =>
          own.filter((row) => row.status === status).length
        return {
          tenantId: id,
          queued: count('queued'),
          running: count('running'),
          failed: count('failed'),
          succeeded: count('succeeded'),
          cancelled: count('cancelled'),
          throughput: Array.from(
            { length: 30 },
            (_, at) => 20 + at * (2 - index) * 0.5 + 6 * Math.sin((second + at) / (2 + index)),
          ),
        }
      })
      .filter((group) => group.queued + group.running + group.failed + group.succeeded > 0)
  }
}
