// `npm test`: everything that is checked, in one run, on the built bundles. Its last line is always
// `N passed, N failed`.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildIfStale } from './build.ts'
import { openDesktopSession } from './desktop-session.ts'
import { readFaultTable } from './fault-table.ts'
import { chooseRuntime, root } from './runtime.ts'
import { say, secondsSince, wordsOf } from './say.ts'
import { readCount, readSteps, reporting, type Count, type Step } from './test-steps.ts'

const running = new Set<ChildProcess>()
let stopped = false

/** With all that the shell of a step has started. */
function stop(): void {
  stopped = true
  for (const child of running) {
    if (child.pid === undefined || process.platform === 'win32') child.kill('SIGTERM')
    else endGroup(child.pid)
  }
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGTERM')
  } catch {
    // Gone in this moment.
  }
}

async function runStep(step: Step, folder: string, env: NodeJS.ProcessEnv): Promise<Count> {
  const begin = performance.now()
  say(`${step.name} …`)
  const file = join(folder, `${step.name.replace(':', '-')}.json`)
  const { command, env: own } = reporting(step, file)
  const child = spawn(command, {
    cwd: root,
    shell: true,
    stdio: ['ignore', 'inherit', 'inherit'],
    // A group of its own, so that it can be ended whole.
    detached: process.platform !== 'win32',
    env: { ...env, ...own },
  })
  running.add(child)
  const code = await new Promise((resolve) => {
    child.once('exit', resolve)
    child.once('error', () => resolve(1))
  })
  running.delete(child)
  const ok = code === 0 && !stopped
  say(`${step.name}: ${ok ? 'passed' : 'FAILED'} in ${secondsSince(begin)}`)
  const count = readCount(step, file, ok)
  return step.name === 'test:faults' ? showFaults(file, count) : count
}

/** The table of faults; one of which nothing was seen counts as failed. */
function showFaults(file: string, { passed, failed }: Count): Count {
  const { lines, missing } = readFaultTable(file)
  process.stdout.write(`${lines.join('\n')}\n`)
  if (missing.length > 0) say(`faults of which nothing was seen: ${missing.join(', ')}`)
  return { passed, failed: Math.max(failed, missing.length) }
}

/**
 * Stops at the first step that fails: what comes after it would only repeat the news. What mostly
 * waits runs beside the others.
 */
async function runSteps(env: NodeJS.ProcessEnv): Promise<Count> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-test-'))
  const steps = readSteps()
  const total = { passed: 0, failed: 0 }
  const take = (count: Count): void => {
    total.passed += count.passed
    total.failed += count.failed
    if (count.failed > 0) stop()
  }
  try {
    const beside = steps.filter(({ waits }) => waits)
    const waiting = beside.map((step) => runStep(step, folder, env).then(take))
    for (const step of steps.filter(({ waits }) => !waits)) {
      if (!stopped) take(await runStep(step, folder, env))
    }
    await Promise.all(waiting)
    return total
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function main(): Promise<Count> {
  await using opened = new AsyncDisposableStack()
  const runtime = chooseRuntime(say)
  say(`running on ${runtime.reason}`)
  await buildIfStale()
  const isReal = runtime.kind === 'electron'
  const desktop = await openDesktopSession({ display: isReal, keyring: 'private' })
  opened.defer(() => desktop.close())
  return await runSteps({ ...process.env, ...desktop.env, ...runtime.env })
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
process.on('disconnect', stop)
process.channel?.unref()

let count: Count = { passed: 0, failed: 1 }
try {
  count = await main()
} catch (error) {
  say(wordsOf(error))
}
process.stdout.write(`${count.passed} passed, ${count.failed} failed\n`)
process.exitCode = count.failed === 0 ? 0 : 1
if (process.connected) process.disconnect()
