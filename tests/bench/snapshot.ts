import { randomBytes } from 'node:crypto'
import { JobDesk } from '../../src/main/jobs/job-desk.ts'
import type { KeptJobs } from '../../src/main/jobs/job-desk.ts'
import { systemClock } from '../../src/main/lib/clock.ts'
import { Scope } from '../../src/main/lib/scope.ts'
import { keyBytes, seal, unseal } from '../../src/main/offline/sealed-file.ts'
import { decode, encode, newest } from '../../src/main/offline/snapshot.ts'
import { job } from '../support/wire-jobs.ts'

const key = randomBytes(keyBytes)
const owner = { profileId: 'bench', server: 'http://127.0.0.1', userId: 'bench' }

/** Jobs that differ as much as real ones do. */
const keptJobs = (count: number): KeptJobs => ({
  sources: ['stream'],
  rows: Array.from({ length: count }, (_, index) => ({
    job: job({
      id: `${randomBytes(8).toString('hex')}-${index}`,
      name: `carrier-invoices-${index}`,
      progress: Math.random() * 100,
      message: `Loaded batch ${index} of ${Math.round(Math.random() * 1e6)}`,
      seq: index,
      updatedAt: new Date(1.7e12 + index * 1_000).toISOString(),
    }),
    heardAtMs: 1.7e12 + Math.random() * 1e6,
    told: 1,
  })),
})

/** CPU time of this process, in milliseconds: other work on the machine does not count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

interface Figures {
  readonly packMs: number
  readonly longestTurnMs: number
  readonly openMs: number
  readonly bytes: number
}

async function measure(jobs: KeptJobs): Promise<Figures> {
  const turns: number[] = []
  let began = cpuMs()
  const kept = newest(jobs).jobs
  const packing = encode({ owner, tenantIds: ['acme'], heardAtMs: 1, positions: {}, jobs: kept })
  let step = packing.next()
  while (step.done !== true) {
    turns.push(cpuMs() - began)
    began = cpuMs()
    step = packing.next()
  }
  const sealed = seal(step.value, key)
  turns.push(cpuMs() - began)
  began = cpuMs()
  const opened = unseal(sealed, key)
  const read = opened.kind === 'unsealed' ? decode(opened.plain) : null
  if (read?.kind !== 'read') throw new Error('what was sealed cannot be read')
  const scope = new Scope('bench')
  const desk = new JobDesk({ scope, clock: systemClock(), workspaceId: 'w', publish() {} })
  desk.recall(read.snapshot.jobs, () => true)
  desk.open(1)
  const openMs = cpuMs() - began
  await scope.close('done')
  const packMs = turns.reduce((sum, turn) => sum + turn, 0)
  return { packMs, longestTurnMs: Math.max(...turns), openMs, bytes: sealed.length }
}

/** The best of five, because the first runs are compiled on the way. */
async function best(count: number): Promise<string> {
  const jobs = keptJobs(count)
  const runs: Figures[] = []
  for (let run = 0; run < 5; run += 1) runs.push(await measure(jobs))
  const least = (of: keyof Figures): number => Math.min(...runs.map((figures) => figures[of]))
  return [
    `${count.toLocaleString('en')} jobs`.padEnd(14),
    `write ${least('packMs').toFixed(0)} ms`,
    `longest turn ${least('longestTurnMs').toFixed(1)} ms`,
    `read to rows ${least('openMs').toFixed(0)} ms`,
    `${(least('bytes') / 1e6).toFixed(1)} MB`,
  ].join(', ')
}

/** What the last known state costs, in CPU time without the disk. */
export async function benchSnapshot(): Promise<string[]> {
  return [await best(1_000), await best(10_000), await best(20_000), await best(100_000)]
}
