import assert from 'node:assert/strict'
import fc from 'fast-check'
import { JobDesk } from '../../../src/main/jobs/job-desk.ts'
import type { DeskSink } from '../../../src/main/jobs/job-desk.ts'
import { Scope } from '../../../src/main/lib/scope.ts'
import { Intake } from '../../../src/main/sources/intake.ts'
import { jobKeyOf } from '../../../src/shared/job-key.ts'
import { jobStatuses } from '../../../src/shared/job.ts'
import type { JobRow, WireJob } from '../../../src/shared/job.ts'
import { FakeClock } from '../fake-clock.ts'
import { wireJob } from '../wire-jobs.ts'
import { anyStep, own, tenantOf, ways } from './desk-steps.ts'
import type { Own, Step, Way } from './desk-steps.ts'
import { Expected } from './expected.ts'
import type { Level, Seen } from './level.ts'
import { Pane } from './pane.ts'
import { essence, Truth } from './truth.ts'

const windowId = 1
const spy = 99

/** One workspace's jobs: several sources of two tenants on one side, a window on the other. */
class Life {
  readonly #seen: Seen
  readonly #clock = new FakeClock()
  readonly #scope = new Scope('workspace')
  readonly #truth: Truth
  readonly #desk: JobDesk
  readonly #pane = new Pane(own)
  readonly #expected = new Expected()
  #tenantIds: readonly Own[] = own
  #intakes: Readonly<Record<Way, Intake>>
  readonly #sinks: Readonly<Record<Way, DeskSink>>
  /** A list that was asked for and is not read yet. */
  #asked: readonly WireJob[] | null = null
  #isOpen = false
  #batches = 0

  constructor(seen: Seen, falls: boolean) {
    this.#seen = seen
    this.#truth = new Truth(falls)
    this.#desk = new JobDesk({
      scope: this.#scope,
      clock: this.#clock,
      workspaceId: 'w1',
      publish: (to, batch) => {
        this.#batches += 1
        if (to === windowId) this.#pane.batch(batch)
      },
    })
    this.#sinks = each((way) => this.#desk.sinkOf(way))
    this.#intakes = this.#openIntakes()
  }

  async step(step: Step): Promise<void> {
    // What is not numbered is told apart by the millisecond.
    this.#clock.stall(1)
    switch (step.do) {
      case 'turn':
        if (this.#truth.turn(tenantOf(step.id, step.tenant), step.id, step.turn) !== null) {
          this.#seen.note('events')
        }
        break
      case 'tell':
      case 'replay':
        this.#tell(step)
        break
      case 'poll':
        for (const job of this.#truth.of(this.#tenantIds)) this.#poll(job)
        break
      case 'ask':
        this.#asked = this.#truth.of(this.#tenantIds)
        break
      case 'answer':
        this.#answer()
        break
      case 'remove':
        this.#remove(step.id)
        break
      case 'confirm':
        this.#sinks[step.way].confirm()
        this.#expected.confirm(step.way)
        break
      case 'lose':
        this.#desk.lose(step.way)
        this.#expected.lose(step.way)
        break
      case 'hear':
        this.#sinks[step.way].heard()
        this.#expected.hear(step.way)
        break
      case 'doubt':
        this.#sinks[step.way].doubt(step.id)
        this.#expected.doubt(step.way, step.id)
        break
      case 'intrude':
        this.#intrude(step.id, step.way)
        break
      case 'garble':
        assert.equal(this.#intakes.socket.takeFrame('a', step.text), null)
        break
      case 'leave':
        this.#leave(step.tenant)
        break
      case 'jump':
        this.#clock.jump(step.ms)
        break
      case 'pass':
        await this.#clock.advance(step.ms)
        break
      case 'open':
        this.#pane.open(this.#desk.open(windowId))
        this.#isOpen = true
        break
      case 'acknowledge':
        this.#acknowledge()
        break
      case 'hide':
      case 'show':
        this.#desk.setVisible(windowId, step.do === 'show')
        break
      default:
        step satisfies never
    }
    this.#check()
  }
  /** I8: one whole list, and what is shown is what the server has. I2: after the end, nothing. */
  async end(): Promise<void> {
    this.#intakes = this.#openIntakes()
    const jobs = this.#truth.of(this.#tenantIds)
    for (const way of ways) {
      this.#sinks[way].heard()
      this.#expected.hear(way)
      this.#list(way, jobs)
    }
    this.#check()
    const known = new Map(jobs.map((job) => [keyOf(job), job]))
    const shown = new Map(this.#rows().map((row) => [jobKeyOf(row), row]))
    assert.deepEqual([...shown.keys()].sort(), [...known.keys()].sort(), 'I8: other jobs are shown')
    for (const [key, job] of known) {
      const { progress } = shown.get(key)!
      assert.deepEqual(
        essence(shown.get(key)!),
        essence({ ...job, progress }),
        'I8: a job is behind',
      )
    }
    await this.#checkWindow()
    await this.#close()
  }

  #tell({ do: what, nth, way }: Extract<Step, { do: 'tell' | 'replay' }>): void {
    const { events } = this.#truth
    const at = what === 'tell' ? events.length - 1 - (nth % 2) : nth % Math.max(1, events.length)
    const event = events[at]
    if (event === undefined) return
    const by = event.id === 'both' && way === 'socket' ? 'stream' : way
    this.#hand(event, by, nth)
    if (this.#tenantIds.includes(event.tenant_id as Own)) this.#expected.tell(by, event)
    // A list asks one thing at a time.
    if (by === 'list') this.#asked = null
    this.#seen.note(what)
  }

  /** Gives an event to a source, in one of the shapes in which it comes there. */
  #hand(event: WireJob, way: Way, nth: number): void {
    const intake = this.#intakes[way]
    if (way === 'stream') intake.takeAny(event)
    else if (way === 'list') this.#takeListed(way, event)
    else {
      const whole = { type: nth % 3 === 0 ? 'finished' : 'snapshot', job: event }
      const change = { type: 'progress', job_id: event.id, ...event }
      intake.takeFrame(event.id, JSON.stringify(nth % 2 === 0 ? whole : change))
    }
  }

  #poll(event: WireJob): void {
    this.#takeListed('poll', unnumbered(event))
    this.#expected.tell('poll', event)
  }

  #takeListed(way: Way, raw: unknown): void {
    const job = this.#intakes[way].readListed(raw)
    if (job !== null) this.#sinks[way].take(job)
  }

  #answer(): void {
    if (this.#asked === null) return
    this.#list('list', this.#asked)
    this.#asked = null
    this.#seen.note('lists')
  }

  #list(way: Way, jobs: readonly WireJob[]): void {
    const read = jobs.map((job) =>
      this.#intakes[way].readListed(way === 'poll' ? unnumbered(job) : job),
    )
    this.#sinks[way].takeAll(read.filter((job) => job !== null))
    this.#expected.list(way, jobs)
  }

  #remove(id: 'a' | 'b'): void {
    const tenant = tenantOf(id, 'acme')
    if (!this.#tenantIds.includes(tenant) || !this.#truth.remove(tenant, id)) return
    this.#intakes.list.forget(id)
    this.#expected.forget('list', id)
  }

  /** A job of somebody else's tenant, by an id that is also one of ours. */
  #intrude(id: string, way: Way): void {
    this.#hand(wireJob({ id, tenant_id: 'initech', seq: 999, progress: 99 }), way, 0)
  }

  #leave(tenant: Own): void {
    const left = this.#tenantIds.filter((one) => one !== tenant)
    if (left.length === 0 || left.length === this.#tenantIds.length) return
    this.#tenantIds = left
    this.#asked = null
    this.#desk.retain(left)
    this.#expected.leave(tenant)
    this.#intakes = this.#openIntakes()
    // What the window still shows of it, the next batch takes away; nothing more of it may come.
    this.#pane.tenantIds = left
  }

  #acknowledge(): void {
    const { waiting } = this.#pane
    if (waiting === null) return
    this.#pane.waiting = null
    this.#desk.acknowledge(windowId, waiting)
  }

  #rows(): readonly JobRow[] {
    const { rows, groups } = this.#desk.open(spy)
    this.#desk.closeWindow(spy)
    for (const group of groups) {
      const { tenantId } = group
      assert.ok(this.#tenantIds.includes(tenantId as Own), `I12: ${tenantId} is counted`)
      for (const status of jobStatuses) {
        const count = group[status]
        const same = rows.filter((row) => row.tenantId === tenantId && row.status === status)
        assert.equal(count, same.length, `I12: ${count} of ${tenantId} are ${status}`)
      }
    }
    return rows
  }

  #check(): void {
    const rows = this.#rows()
    for (const row of rows) this.#pane.look(row)
    const shown = rows.map((row): [string, unknown] => [
      jobKeyOf(row),
      { ...(essence(row) as object), remembered: row.remembered },
    ])
    assert.deepEqual(new Map(shown), this.#expected.rows, 'I9: what is shown is not what was told')
  }

  /** Everything that changed reaches the window, however slowly it paints. */
  async #checkWindow(): Promise<void> {
    if (!this.#isOpen) return
    for (let batch = 0; batch < 5; batch += 1) {
      this.#acknowledge()
      await this.#clock.advance(2_000)
    }
    const strip = (rows: Iterable<JobRow>): Map<string, unknown> =>
      new Map(
        [...rows].map((row) => [
          jobKeyOf(row),
          { ...(essence(row) as object), remembered: row.remembered },
        ]),
      )
    assert.deepEqual(
      strip(this.#pane.rows.values()),
      strip(this.#rows()),
      'I8: the window is behind',
    )
  }

  async #close(): Promise<void> {
    const closing = this.#scope.close('signed out')
    const { events } = this.#truth
    const batches = this.#batches
    for (const event of events.slice(-3)) this.#hand(event, 'stream', 0)
    await closing
    for (const event of events.slice(-3)) this.#hand(event, 'stream', 0)
    for (const way of ways) this.#sinks[way].heard()
    await this.#clock.advance(70_000)
    assert.deepEqual(
      [this.#desk.size, this.#desk.open(spy).rows.length, this.#batches, this.#clock.armed],
      [0, 0, batches, 0],
      'I2: the desk went on after its end',
    )
  }

  #openIntakes(): Record<Way, Intake> {
    return each(
      (way) =>
        new Intake({
          sink: this.#sinks[way],
          clock: this.#clock,
          tenantIds: this.#tenantIds,
          // As the operator does who asks again.
          onTrespass: () => {
            this.#intakes = this.#openIntakes()
          },
          onGap: () => undefined,
        }),
    )
  }
}

const each = <Made>(make: (way: Way) => Made): Record<Way, Made> => ({
  socket: make('socket'),
  stream: make('stream'),
  list: make('list'),
  poll: make('poll'),
})

const unnumbered = (event: WireJob): Partial<WireJob> =>
  Object.fromEntries(Object.entries(event).filter(([key]) => key !== 'seq'))

const keyOf = ({ tenant_id, id }: WireJob): string => jobKeyOf({ tenantId: tenant_id, id })

/** Intakes, store, rates and feed, between sources that repeat, mix up and trespass and a window. */
export const deskLevel: Level = {
  name: 'the jobs of a workspace',
  invariants: ['I2', 'I8', 'I9', 'I10', 'I12', 'I14', 'I15'],
  share: 36_000,
  needs: ['events', 'tell', 'replay', 'lists'],
  property: (seen) =>
    fc.asyncProperty(
      fc.array(anyStep, { maxLength: 60, size: 'max' }),
      fc.boolean(),
      async (steps, falls) => {
        const life = new Life(seen, falls)
        for (const step of steps) await life.step(step)
        await life.end()
      },
    ),
}
