// `npm run bench`: figures, never verdicts. What is timed is reported as ratios and percentiles.
import { cpus, loadavg } from 'node:os'
import { benchConsole } from '../tests/bench/console.ts'
import { benchPipeline } from '../tests/bench/pipeline.ts'
import { startTestBackend } from '../tests/support/backend.ts'

const print = (title: string, lines: readonly string[]): void => {
  process.stdout.write(`\n${title}\n${lines.map((each) => `  ${each}\n`).join('')}`)
}

const load = loadavg()[0]?.toFixed(1) ?? '?'
print('machine', [`${cpus().length} cores, load average ${load}, Node ${process.version}`])
print('main-process pipeline, one core', await benchPipeline())
const backend = await startTestBackend()
try {
  print('console against the reference backend, loopback', await benchConsole(backend))
} finally {
  await backend.stop()
}
process.exit()
