// A process of its own: hears of so many jobs so often, and says what is held of each.
import { JobDesk } from '../../src/main/jobs/job-desk.ts'
import { Scope } from '../../src/main/lib/scope.ts'
import { Intake } from '../../src/main/sources/intake.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { wireJob } from '../support/wire-jobs.ts'
import { heapBytes } from './heap.ts'

const [jobs = 0, times = 1] = process.argv.slice(2).map(Number)
/** Between two words of one job: as far apart as a rate keeps them. */
const apartMs = 1_000

const textOf = (nth: number, seq: number): string =>
  JSON.stringify({
    type: 'snapshot',
    job: wireJob({
      id: `import-orders-${100_000 + nth}`,
      name: `Orders import ${nth}`,
      kind: 'orders-import',
      tenant_id: 'acme-europe',
      seq,
      progress: seq / 2,
      message: `batch ${seq} of ${nth}`,
      counters: { done: seq * 100, total: 100_000, unit: 'rows' },
    }),
  })

const clock = new FakeClock()

function open(): { readonly desk: JobDesk; readonly intake: Intake } {
  const desk = new JobDesk({
    scope: new Scope('bench'),
    clock,
    workspaceId: 'bench',
    // A window that never paints: every job stays marked for the next batch.
    publish: () => undefined,
  })
  desk.open(1)
  const intake = new Intake({
    sink: desk.sinkOf('progress'),
    clock,
    tenantIds: ['acme-europe'],
    onTrespass: () => undefined,
    onGap: () => undefined,
  })
  return { desk, intake }
}

function hear(intake: Intake, count: number): void {
  for (let seq = 1; seq <= times; seq += 1) {
    for (let nth = 0; nth < count; nth += 1) {
      intake.takeFrame(`import-orders-${100_000 + nth}`, textOf(nth, seq))
    }
    clock.stall(apartMs)
  }
}

// What is compiled at the first use is nobody's share.
hear(open().intake, 100)
const before = heapBytes()
const { desk, intake } = open()
hear(intake, jobs)
process.send?.({ bytes: (heapBytes() - before) / jobs, known: desk.size })
