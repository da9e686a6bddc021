import { percentile } from './percentiles.ts'
import { jobs, receive } from './pipeline-run.ts'
import type { Wire } from './pipeline-run.ts'
import { textAlone } from './pipeline-text.ts'

const burstFrames = 100_000
const rounds = 3

const median = (values: readonly number[]): number => percentile(values, 0.5)

/**
 * From a frame on a real local socket to the latest state of each job in a batch for the window, as
 * a ratio to a loop that only receives with `ws`, parses JSON and keeps the last object of each job:
 * what checking, ordering and coalescing cost. One socket a job, one change a frame, CPU time.
 */
export async function benchPipeline(): Promise<string[]> {
  return [
    `${burstFrames.toLocaleString('en')} frames as fast as they are taken, median of ${rounds}`,
    ...(await burst('progress')),
    ...(await burst('stream')),
    await textAlone(),
  ]
}

const places: Record<Wire, string> = {
  progress: `a change a frame over ${jobs} sockets`,
  stream: `${jobs} whole jobs in turn over one socket`,
}

async function burst(wire: Wire): Promise<string[]> {
  const taken: Record<'bare' | 'ours', number[]> = { bare: [], ours: [] }
  for (let round = 0; round < rounds; round += 1) {
    for (const how of ['bare', 'ours'] as const) {
      const { cpuMs } = await receive(wire, how, { frames: burstFrames, perSecond: null })
      taken[how].push(burstFrames / (cpuMs / 1_000))
    }
  }
  const perSecond = (how: 'bare' | 'ours'): string =>
    Math.round(median(taken[how])).toLocaleString('en')
  return [
    `${wire}, ${places[wire]}`,
    `ws and JSON.parse         ${perSecond('bare')} frames per CPU second`,
    `checked, merged, batched  ${perSecond('ours')} frames per CPU second`,
    `ratio                     ${(median(taken.ours) / median(taken.bare)).toFixed(2)}   (aim at least 0.60)`,
  ]
}
