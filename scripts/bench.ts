// `npm run bench`: figures, never verdicts. What is timed is reported as ratios and percentiles.
// `npm run bench -- pick-up streams` runs only those.
import { cpus, loadavg } from 'node:os'
import { benchConsole } from '../tests/bench/console.ts'
import { benchCpu } from '../tests/bench/cpu.ts'
import { benchMemory } from '../tests/bench/job-memory.ts'
import { benchPickUp } from '../tests/bench/pick-up.ts'
import { benchPipeline } from '../tests/bench/pipeline.ts'
import { benchRedial } from '../tests/bench/redial.ts'
import { benchRenewal } from '../tests/bench/renewal.ts'
import { benchSignOut } from '../tests/bench/sign-out.ts'
import { benchSnapshot } from '../tests/bench/snapshot.ts'
import { benchStartUp } from '../tests/bench/start-up.ts'
import { benchStreams } from '../tests/bench/streams.ts'
import {
  startTestBackend,
  type TestBackend,
  type TestBackendOptions,
} from '../tests/support/backend.ts'

async function withBackend(
  run: (backend: TestBackend) => Promise<string[]>,
  options: TestBackendOptions = {},
): Promise<string[]> {
  const backend = await startTestBackend(options)
  try {
    return await run(backend)
  } finally {
    await backend.stop()
  }
}

const sections: Readonly<Record<string, readonly [title: string, run: () => Promise<string[]>]>> = {
  pipeline: ['main-process pipeline, one core', benchPipeline],
  cpu: ['main-process CPU, 10 s at a steady pace', benchCpu],
  memory: ['main-process memory, heap after collection', benchMemory],
  redial: ['1,000 clients cut at one moment, first dial of each', benchRedial],
  'sign-out': ['sign-out over all faults, real sockets on loopback', benchSignOut],
  renewal: ['token renewal on progress sockets, real gateway', benchRenewal],
  snapshot: ['offline snapshot, CPU time', benchSnapshot],
  console: ['console against the reference backend, loopback', () => withBackend(benchConsole)],
  'start-up': ['backend as a process of its own', benchStartUp],
  'pick-up': [
    'translation job, INSERT to processor start',
    () => withBackend(benchPickUp, { idle: true }),
  ],
  streams: ['tenant streams under load', benchStreams],
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !Object.hasOwn(sections, name))
if (unknown.length > 0) {
  const known = Object.keys(sections).join(', ')
  process.stderr.write(`bench: there is no ${unknown.join(', ')}; there are ${known}\n`)
  process.exit(2)
}

const print = (title: string, lines: readonly string[]): void => {
  process.stdout.write(`\n${title}\n${lines.map((each) => `  ${each}\n`).join('')}`)
}

const load = loadavg()[0]?.toFixed(1) ?? '?'
print('machine', [`${cpus().length} cores, load average ${load}, Node ${process.version}`])
for (const [name, [title, run]] of Object.entries(sections)) {
  if (asked.length === 0 || asked.includes(name)) print(title, await run())
}
process.exit()
