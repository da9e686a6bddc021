import { JobDesk } from '../../src/main/jobs/job-desk.ts'
import { systemClock } from '../../src/main/lib/clock.ts'
import { Scope } from '../../src/main/lib/scope.ts'
import { Intake } from '../../src/main/sources/intake.ts'
import { wireJob } from '../support/wire-jobs.ts'

const jobs = 1_000
const events = 200_000

/** Frames as a gateway sends them: every job moves in turn. */
function makeFrames(): { readonly jobId: string; readonly text: string }[] {
  return Array.from({ length: events }, (_, index) => {
    const jobId = `job-${index % jobs}`
    const seq = Math.floor(index / jobs) + 2
    const job = wireJob({ id: jobId, seq, progress: Math.min(100, seq / 2.02) })
    return { jobId, text: JSON.stringify({ type: 'progress', job_id: jobId, ...job }) }
  })
}

const perSecond = (run: () => void): number => {
  const { user, system } = process.cpuUsage()
  run()
  const spent = process.cpuUsage({ user, system })
  return events / ((spent.user + spent.system) / 1e6)
}

/**
 * From text to the latest state of each job, marked for the next batch, as a ratio to a loop that only parses JSON and keeps the
 * last object of each job: what checking, ordering and coalescing cost.
 */
export async function benchPipeline(): Promise<string[]> {
  const frames = makeFrames()
  const bare = perSecond(() => {
    const last = new Map<string, unknown>()
    for (const { jobId, text } of frames) last.set(jobId, JSON.parse(text))
  })
  const scope = new Scope('bench')
  const clock = systemClock()
  const desk = new JobDesk({
    scope,
    clock,
    workspaceId: 'bench',
    publish: (windowId, { batch }) => desk.acknowledge(windowId, batch),
  })
  desk.open(1)
  const intake = new Intake({
    sink: desk.sink,
    clock,
    tenantIds: [wireJob().tenant_id],
    onTrespass: () => undefined,
    onGap: () => undefined,
  })
  const ours = perSecond(() => {
    for (const { jobId, text } of frames) intake.takeFrame(jobId, text)
  })
  const known = desk.size
  await scope.close('done')
  return [
    `frames ${events}, jobs ${known}`,
    `bare JSON.parse      ${Math.round(bare).toLocaleString('en')} events per CPU second`,
    `checked and merged   ${Math.round(ours).toLocaleString('en')} events per CPU second`,
    `ratio                ${(ours / bare).toFixed(2)}`,
  ]
}
