import { Scope } from '../../src/main/lib/scope.ts'
import { Intake } from '../../src/main/sources/intake.ts'
import { Reading } from '../../src/main/sources/table/reading.ts'
import type { From, Reach } from '../../src/main/sources/table/reading.ts'
import { TableReader } from '../../src/main/sources/table/table-reader.ts'
import { TableRows } from '../../src/main/sources/table/table-rows.ts'
import { jobTableSchema } from '../../src/shared/profile.ts'
import type { Job } from '../../src/shared/job.ts'
import { AskedTable } from './asked-table.ts'
import { FakeClock } from './fake-clock.ts'
import { noSink } from './source-context.ts'

/** `updated_at` of `secondsLater(0)`, in microseconds. */
export const startMicros = 1_795_183_142_000_000

/** Readings of one table of `acme` whose rows are numbered: it owns what they gave and took away. */
export class TableBench {
  readonly table = new AskedTable()
  readonly scope = new Scope('test')
  readonly taken: Job[] = []
  readonly forgotten: string[] = []
  readonly dropped: string[] = []
  readonly rows: TableRows
  readonly #reader: TableReader

  constructor(columns: object = { seq: 'seq' }) {
    const jobTable = jobTableSchema.parse({ columns })
    const intake = new Intake({
      clock: new FakeClock(),
      tenantIds: ['acme'],
      sink: {
        ...noSink,
        take: (job) => this.taken.push(job),
        forget: (id) => this.forgotten.push(id),
        dropped: (why) => this.dropped.push(why),
      },
      onTrespass: () => undefined,
      onGap: () => undefined,
    })
    this.rows = new TableRows(intake, jobTable.columns)
    this.#reader = new TableReader(jobTable, ['acme'])
  }

  /** From the beginning where it is the first, else from `startMicros`, unless it is said. */
  reading(reach: Reach, from: Partial<From> = {}): Reading {
    const { table, rows, scope } = this
    const cursor = reach === 'first' ? null : startMicros
    const parts = { reader: this.#reader, rows, ask: table.ask, scope }
    return new Reading(parts, { cursor, after: null, ...from })
  }
}
