/** A mistake of the kind that this product must not make: one change to one file of the product, and the histories that have to notice. */
export interface Bug {
  readonly kind: 'double timer' | 'late write' | 'lost end' | 'row of another tenant'
  readonly name: string
  /** Below `src/main`. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly from: string
  readonly to: string
  readonly level: LevelName
  /** The invariant that is found broken first, by its number in faults.md. */
  readonly breaks: string
}

export type LevelName = 'session' | 'connection' | 'desk' | 'stream'

export const bugs: readonly Bug[] = [
  {
    kind: 'double timer',
    name: 'new tokens are watched by two timers, one of which is forgotten',
    file: 'session/refresher.ts',
    from: `this.#trouble = null
    this.#armForDue(tokens)`,
    to: `this.#trouble = null
    this.#armForDue(tokens)
    this.#timer = null
    this.#armForDue(tokens)`,
    level: 'session',
    breaks: 'I1',
  },
  {
    kind: 'double timer',
    name: 'a connection waits twice for one redial',
    file: 'lib/one-timer.ts',
    from: 'arm(delayMs: number, run: () => void): void {\n    this.disarm()',
    to: 'arm(delayMs: number, run: () => void): void {',
    level: 'connection',
    breaks: 'I6',
  },
  {
    kind: 'late write',
    name: 'what a refresh brings after sign-out is kept',
    file: 'session/refresher.ts',
    from: 'if (this.#parts.signal.aborted || this.#tokens !== before) return none',
    to: '',
    level: 'session',
    breaks: 'I1',
  },
  {
    kind: 'late write',
    name: 'a job that is told after sign-out is taken',
    file: 'jobs/job-desk.ts',
    from: 'take: (job) => scope.closed || this.#take(teller, job),',
    to: 'take: (job) => this.#take(teller, job),',
    level: 'desk',
    breaks: 'I2',
  },
  {
    kind: 'lost end',
    name: 'a running state that is heard late takes the place of an end',
    file: 'jobs/merge.ts',
    from: 'if (ends !== isFinal(known.status)) return ends',
    to: 'if (ends !== isFinal(known.status)) return !ends',
    level: 'desk',
    breaks: 'I9',
  },
  {
    kind: 'lost end',
    name: 'what changes while the window paints is not sent after it',
    file: 'jobs/job-feed.ts',
    from: 'else this.#schedule(viewer)',
    to: '',
    level: 'desk',
    breaks: 'I8',
  },
  {
    kind: 'row of another tenant',
    name: 'whatever tenant a message names is taken for one of the operator’s',
    file: 'sources/intake.ts',
    from: 'last === undefined ? this.#tenants.has(tenantId) : last.tenantId === tenantId',
    to: 'last === undefined || last.tenantId === tenantId',
    level: 'desk',
    breaks: 'I12',
  },
  {
    kind: 'row of another tenant',
    name: 'the same, over a stream',
    file: 'sources/intake.ts',
    from: 'last === undefined ? this.#tenants.has(tenantId) : last.tenantId === tenantId',
    to: 'last === undefined || last.tenantId === tenantId',
    level: 'stream',
    breaks: 'I12',
  },
]
