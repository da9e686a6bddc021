// `npm run soak [-- --minutes N]`: 20 minutes of random faults on five sources, and what they came to.
import '../tests/soak/steady-code.ts'
import { parseArgs } from 'node:util'
import { runSoak } from '../tests/soak/soak.ts'
import { say, wordsOf } from './say.ts'

function readMinutes(): number {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '20' } } })
  const minutes = Number(values.minutes)
  if (minutes > 0 && minutes <= 24 * 60) return minutes
  throw new Error('--minutes takes a number above 0')
}

const mebibyte = 1024 * 1024
const slopeOf = (bytes: number | null): string =>
  bytes === null ? 'too few readings' : `${(bytes / mebibyte).toFixed(2)} MB/h`

try {
  const report = await runSoak({ durationMs: readMinutes() * 60_000, say })
  const {
    faults,
    quietPoints,
    compared,
    batches,
    problems,
    handles,
    left,
    slowestQuietMs,
    heapSlope,
  } = report
  const lines = [
    `${faults} faults, ${quietPoints} quiet points at which ${compared} jobs were compared, ${batches} batches to the window`,
    `the slowest quiet point took ${(slowestQuietMs / 1_000).toFixed(1)} s`,
    `handles before: ${handles.before}`,
    `handles after:  ${handles.after}`,
    `left by the receipts and the clock: ${left}`,
    `heap after warm-up: ${slopeOf(heapSlope)}`,
    ...problems.map((problem) => `PROBLEM ${problem}`),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
  const well = problems.length === 0 && left === 0 && handles.before === handles.after
  process.exitCode = well ? 0 : 1
} catch (error) {
  say(wordsOf(error))
  process.exitCode = 1
}
if (process.connected) process.disconnect()
