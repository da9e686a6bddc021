import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** Progress goes to stderr: `npm run backend` promises one line on stdout. */
export function say(line) {
  process.stderr.write(`signalbox: ${line}\n`)
}

export function fail(line) {
  say(line)
  process.exit(1)
}

/** One line when a step begins, one with its seconds when it is done. */
export function step(what, work) {
  const begin = process.hrtime.bigint()
  say(`${what} …`)
  const result = work()
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9
  say(`${what}: done in ${seconds.toFixed(1)} s`)
  return result
}

/** What a failed program said, cut in the middle: npm says why first, apt last. */
export function excerpt({ error, stdout, stderr }) {
  const text = `${stdout ?? ''}\n${stderr ?? ''}\n${error?.message ?? ''}`
  const lines = text.trim().split('\n')
  if (lines.length <= 20) return lines.join('\n')
  return [...lines.slice(0, 10), '…', ...lines.slice(-10)].join('\n')
}
