import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { percentile } from './percentiles.ts'
import { textAlone } from './pipeline-text.ts'

const jobs = 200
const warmUpFrames = 40_000
const burstFrames = 100_000
const rounds = 3
const rates = [100, 2_500]
const pacedMs = 10_000

interface Taken {
  readonly cpuMs: number
  readonly wallMs: number
}

type How = 'bare' | 'ours'
type Wire = 'progress' | 'stream'

/** Receives so many frames, as fast as they come or at a rate, in a process of its own. */
async function receive(
  wire: Wire,
  how: How,
  measured: { readonly frames: number; readonly perSecond: number | null },
): Promise<Taken> {
  const server = start('pipeline-server.ts', String(jobs), wire)
  const loop = start('pipeline-loop.ts')
  try {
    const { port, ids } = await hear<{ port: number; ids: string[] }>(server)
    loop.send({ type: 'open', how, wire, port, ids })
    await hear(loop)
    await run(server, loop, { frames: warmUpFrames, perSecond: null })
    return await run(server, loop, measured)
  } finally {
    loop.kill()
    server.kill()
  }
}

async function run(
  server: ChildProcess,
  loop: ChildProcess,
  order: { readonly frames: number; readonly perSecond: number | null },
): Promise<Taken> {
  loop.send({ type: 'expect', frames: order.frames })
  await hear(loop)
  server.send(order)
  return hear<Taken>(loop)
}

const start = (script: string, ...args: string[]): ChildProcess =>
  fork(join(import.meta.dirname, script), args, { execArgv: [] })

async function hear<T>(child: ChildProcess): Promise<T> {
  const [message] = (await once(child, 'message')) as [T]
  return message
}

const median = (values: readonly number[]): number => percentile(values, 0.5)

/**
 * From a frame on a real local socket to the latest state of each job in a batch for the window, as
 * a ratio to a loop that only receives with `ws`, parses JSON and keeps the last object of each job:
 * what checking, ordering and coalescing cost. One socket a job, one change a frame, CPU time.
 */
export async function benchPipeline(): Promise<string[]> {
  const lines = [
    `${burstFrames.toLocaleString('en')} frames as fast as they are taken, median of ${rounds}`,
    ...(await burst('progress')),
    ...(await burst('stream')),
    await textAlone(),
  ]
  for (const rate of rates) {
    const order = { frames: (rate * pacedMs) / 1_000, perSecond: rate }
    const bare = await receive('progress', 'bare', order)
    const ours = await receive('progress', 'ours', order)
    lines.push(
      `CPU at ${rate.toLocaleString('en')} events/s`.padEnd(26) +
        `${share(ours)} of a core (ws and JSON.parse alone ${share(bare)})`,
    )
  }
  return lines
}

const places: Record<Wire, string> = {
  progress: `a change a frame over ${jobs} sockets`,
  stream: `${jobs} whole jobs in turn over one socket`,
}

async function burst(wire: Wire): Promise<string[]> {
  const taken: Record<How, number[]> = { bare: [], ours: [] }
  for (let round = 0; round < rounds; round += 1) {
    for (const how of ['bare', 'ours'] as const) {
      const { cpuMs } = await receive(wire, how, { frames: burstFrames, perSecond: null })
      taken[how].push(burstFrames / (cpuMs / 1_000))
    }
  }
  const perSecond = (how: How): string => Math.round(median(taken[how])).toLocaleString('en')
  return [
    `${wire}, ${places[wire]}`,
    `ws and JSON.parse         ${perSecond('bare')} frames per CPU second`,
    `checked, merged, batched  ${perSecond('ours')} frames per CPU second`,
    `ratio                     ${(median(taken.ours) / median(taken.bare)).toFixed(2)}`,
  ]
}

const share = ({ cpuMs, wallMs }: Taken): string => `${((100 * cpuMs) / wallMs).toFixed(1)} %`
