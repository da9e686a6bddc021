import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** Jobs that move in turn, with a socket each where the wire has one a job. */
export const jobs = 200
const warmUpFrames = 40_000

export interface Taken {
  readonly cpuMs: number
  readonly wallMs: number
}

/** `ws` and JSON.parse alone; source, desk and wall; or all of the console but its window. */
export type How = 'bare' | 'ours' | 'console'
export type Wire = 'progress' | 'stream'

/** Receives so many frames, as fast as they come or at a rate, in a process of its own. */
export async function receive(
  wire: Wire,
  how: How,
  measured: { readonly frames: number; readonly perSecond: number | null },
): Promise<Taken> {
  const server = start('pipeline-server.ts', String(jobs), wire)
  const loop = start(how === 'console' ? 'cpu-loop.ts' : 'pipeline-loop.ts')
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
