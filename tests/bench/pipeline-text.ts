import { JobDesk } from '../../src/main/jobs/job-desk.ts'
import { systemClock } from '../../src/main/lib/clock.ts'
import { Scope } from '../../src/main/lib/scope.ts'
import { Intake } from '../../src/main/sources/intake.ts'
import { wireJob } from '../support/wire-jobs.ts'

const jobs = 1_000
const events = 200_000
const rounds = 3

/** Whole jobs in a frame: every job moves in turn. */
function makeFrames(): { readonly jobId: string; readonly bytes: Buffer }[] {
  return Array.from({ length: events }, (_, index) => {
    const jobId = `job-${index % jobs}`
    const seq = Math.floor(index / jobs) + 2
    const job = wireJob({ id: jobId, seq, progress: Math.min(100, seq / 2.02) })
    const text = JSON.stringify({ type: 'progress', job_id: jobId, ...job })
    return { jobId, bytes: Buffer.from(text) }
  })
}

const microsecondsEach = (run: () => void): number => {
  const { user, system } = process.cpuUsage()
  run()
  const spent = process.cpuUsage({ user, system })
  return (spent.user + spent.system) / events
}

/** The same without a socket: from the bytes of a frame to the latest state, marked for a batch. */
export async function textAlone(): Promise<string> {
  const frames = makeFrames()
  const bare: number[] = []
  const ours: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    bare.push(
      microsecondsEach(() => {
        const last = new Map<string, unknown>()
        for (const { jobId, bytes } of frames) last.set(jobId, JSON.parse(bytes.toString('utf8')))
      }),
    )
    const scope = new Scope('bench')
    const intake = openIntake(scope)
    ours.push(
      microsecondsEach(() => {
        for (const { jobId, bytes } of frames) intake.takeFrame(jobId, bytes.toString('utf8'))
      }),
    )
    await scope.close('done')
  }
  const [least, most] = [Math.min(...bare), Math.min(...ours)]
  return `without a socket, whole jobs: JSON.parse ${least.toFixed(1)} µs, ours ${most.toFixed(1)} µs a frame (best of ${rounds})`
}

function openIntake(scope: Scope): Intake {
  const clock = systemClock()
  const desk = new JobDesk({
    scope,
    clock,
    workspaceId: 'bench',
    publish: (windowId, { batch }) => desk.acknowledge(windowId, batch),
  })
  desk.open(1)
  return new Intake({
    sink: desk.sinkOf('progress'),
    clock,
    tenantIds: [wireJob().tenant_id],
    onTrespass: () => undefined,
    onGap: () => undefined,
  })
}
