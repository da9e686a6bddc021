import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const sizes = [1_000, 10_000, 100_000]
/** A rate looks back 30 s and keeps one sample a second. */
const busyTimes = 35

async function heldOf(jobs: number, times: number): Promise<string> {
  const script = join(import.meta.dirname, 'job-memory-loop.ts')
  const child = fork(script, [String(jobs), String(times)], { execArgv: [] })
  const [{ bytes, known }] = (await once(child, 'message')) as [{ bytes: number; known: number }]
  child.kill()
  if (known !== jobs) throw new Error(`${known} of ${jobs} jobs are known`)
  return `${(bytes / 1024).toFixed(2)} KB`
}

/** What one running job takes up in main, from the intake to the window's next batch. */
export async function benchMemory(): Promise<string[]> {
  const lines: string[] = []
  for (const jobs of sizes) {
    const once = await heldOf(jobs, 1)
    const busy = await heldOf(jobs, busyTimes)
    const head = `${jobs.toLocaleString('en')} jobs`.padEnd(14)
    lines.push(
      `${head} ${once} a job heard of once, ${busy} a job heard of every second   (aim under 2 KB)`,
    )
  }
  return lines
}
