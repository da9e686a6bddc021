import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { memoryOf } from './memory.ts'

const settleMs = 10_000

/** A backend as a process of its own, over a data folder that is not there yet. */
async function startProcess(dataDir: string): Promise<{ child: ChildProcess; readyMs: number }> {
  const beganMs = performance.now()
  const args = ['src/backend/main.ts', '--port', '0', '--db-port', '0', '--data', dataDir]
  const child = spawn(process.execPath, [...args, '--follow-parent'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  if (!line.startsWith('{')) throw new Error('the backend did not start')
  return { child, readyMs: performance.now() - beganMs }
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'close')
  child.stdin?.end()
  await ended
}

/** From nothing to ready, again from what is there, and what it takes at rest. */
export async function benchStartUp(): Promise<string[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'signalbox-bench-'))
  try {
    const cold = await startProcess(dataDir)
    await stop(cold.child)
    const warm = await startProcess(dataDir)
    await new Promise((resolve) => setTimeout(resolve, settleMs))
    const { node, below } = await memoryOf(warm.child.pid ?? 0)
    await stop(warm.child)
    return [
      `empty data folder to ready, ms  ${cold.readyMs.toFixed(0)}`,
      `kept data folder to ready, ms   ${warm.readyMs.toFixed(0)}`,
      `memory at work on the demo, MB  Node ${node.toFixed(0)}, PostgreSQL ${below.toFixed(0)}`,
    ]
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}
