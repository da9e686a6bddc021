import { readFileSync } from 'node:fs'
import { startBackend, type Backend } from './backend.ts'
import { runCheck } from './check/run-check.ts'
import { parseConfig } from './config.ts'
import { ConfigError } from './config-error.ts'
import { redact } from '../shared/redact.ts'
import { createLog } from './log.ts'

/**
 * The backend on its own. Standard output carries exactly one line, when it is ready; everything
 * else goes to standard error, redacted.
 */
const say = (line: string): void => void process.stderr.write(`${line}\n`)
const log = createLog('backend', say, process.env.SIGNALBOX_LOG === 'debug' ? 'debug' : 'info')

/** Longest way down; past it the process ends as it is, and the next start recovers. */
const stopWithinMs = { whole: 2_000, alone: 10_000 }

/** Asked to stop, by whatever means, at most once. */
function stopRequested(followParent: boolean): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, resolve)
    if (!followParent) return
    process.on('disconnect', () => resolve('the parent went away'))
    process.stdin.on('error', () => resolve('standard input broke'))
    process.stdin.on('end', () => resolve('standard input ended'))
    process.stdin.resume()
  })
}

function tellReady({ supabaseUrl, gatewayUrl, publishableKey, users }: Backend): void {
  const line = JSON.stringify({ supabaseUrl, gatewayUrl, publishableKey, users })
  // A reader that went away is no reason to fall.
  process.stdout.on('error', () => undefined)
  process.stdout.write(`${line}\n`)
}

const sources = {
  args: process.argv.slice(2),
  env: process.env,
  readFile: (path: string) => readFileSync(path, 'utf8'),
}

async function main(): Promise<number> {
  if (sources.args.includes('--check')) return await look()
  const { config, notes } = parseConfig(sources)
  for (const note of notes) log.info(note)
  const stopped = stopRequested(config.followParent)
  const backend = await startBackend({ config, log })
  tellReady(backend)
  const lost = backend.databaseLost.then(() => null)
  const why = await Promise.race([stopped, lost])
  const limitMs = config.project === null ? stopWithinMs.whole : stopWithinMs.alone
  setTimeout(() => process.exit(1), limitMs).unref()
  if (why === null) log.error('PostgreSQL ended by itself')
  else log.info('stopping', { why })
  await backend.close()
  return why === null ? 1 : 0
}

/** `--check`: a table instead of the ready line; 0 when everything is right. */
async function look(): Promise<number> {
  const quiet = createLog('check', () => undefined)
  const { table, ok } = await runCheck({ ...sources, stdin: process.stdin, log: quiet })
  process.stdout.write(`${redact(table)}\n`)
  return ok ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  if (error instanceof ConfigError) {
    say(error.message)
    process.exitCode = 2
  } else {
    const text = error instanceof Error ? error.message : String(error)
    say(redact(`The backend could not start: ${text}`))
    process.exitCode = 1
  }
}
// Pipes are written in the background on Windows.
process.stderr.write('', () => process.exit())
