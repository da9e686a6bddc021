// `npm run faults -- [--repeat N]`: every fault of the catalogue, N times in a row, then the table of
// what was expected and what was seen. It stops at the first failure. Its last line is always
// `N of 72 faults seen, N runs`.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { catalogue } from '../tests/faults/catalogue.ts'
import { readFaultTable } from './fault-table.ts'
import { root } from './runtime.ts'
import { say, secondsSince, wordsOf } from './say.ts'

let running: ChildProcess | null = null
let stopped = false

function stop(): void {
  stopped = true
  running?.kill('SIGTERM')
}

function readRepeat(): number {
  const { values } = parseArgs({ options: { repeat: { type: 'string', default: '1' } } })
  const repeat = Number(values.repeat)
  if (Number.isInteger(repeat) && repeat > 0) return repeat
  throw new Error('--repeat takes a whole number of runs, from 1')
}

async function run(file: string): Promise<boolean> {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const child = spawn('vitest', ['run', '--project', 'faults', ...reporters], {
    cwd: root,
    // What the tests say goes to stderr: stdout is for the table.
    stdio: ['ignore', process.stderr, 'inherit'],
  })
  running = child
  const code = await new Promise((resolve) => {
    child.once('exit', resolve)
    child.once('error', () => resolve(1))
  })
  return code === 0 && !stopped
}

/** Answers whether everything was seen in every run. */
async function runAll(repeat: number): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-faults-'))
  const file = join(folder, 'report.json')
  try {
    let runs = 0
    let ok = true
    let table = readFaultTable(file)
    while (ok && runs < repeat) {
      const begin = performance.now()
      const passed = await run(file)
      runs += 1
      table = readFaultTable(file)
      ok = passed && table.missing.length === 0
      say(`run ${runs} of ${repeat}: ${ok ? 'passed' : 'FAILED'} in ${secondsSince(begin)}`)
    }
    const seen = catalogue.length - table.missing.length
    process.stdout.write(`${table.lines.join('\n')}\n`)
    process.stdout.write(
      `${seen} of ${catalogue.length} faults seen, ${runs} ${runs === 1 ? 'run' : 'runs'}\n`,
    )
    return ok
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
process.on('disconnect', stop)
process.channel?.unref()

let ok = false
try {
  ok = await runAll(readRepeat())
} catch (error) {
  say(wordsOf(error))
}
process.exitCode = ok ? 0 : 1
if (process.connected) process.disconnect()
