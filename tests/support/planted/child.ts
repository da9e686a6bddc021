// A process of its own: plants one bug in the product as it is loaded, and lets generated histories
// look for it. It prints one line of JSON: what they found, or null.
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import type { Level } from '../histories/level.ts'
import { bugs } from './bugs.ts'
import type { LevelName } from './bugs.ts'

const [name = '', levelName = '', seed = '1', runs = '1'] = process.argv.slice(2)
const source = join(import.meta.dirname, '../../../src/main')
const bug = bugs.find((one) => one.name === name)
let planted = 0
if (bug !== undefined) {
  const place = pathToFileURL(join(source, bug.file)).href
  registerHooks({
    load: (url, context, next) => {
      const loaded = next(url, context)
      if (url !== place) return loaded
      const text = Buffer.from(loaded.source as Uint8Array).toString('utf8')
      const parts = text.split(bug.from)
      if (parts.length !== 2) throw new Error(`${bug.file} does not hold what "${name}" replaces`)
      planted += 1
      return { ...loaded, source: parts.join(bug.to) }
    },
  })
}

const levels: Readonly<Record<LevelName, () => Promise<Level>>> = {
  session: async () => (await import('../histories/session.ts')).sessionLevel,
  connection: async () => (await import('../histories/connection.ts')).connectionLevel,
  desk: async () => (await import('../histories/desk.ts')).deskLevel,
  stream: async () => (await import('../histories/source-levels.ts')).streamLevel,
}

// As late as this: what is loaded before the bug is planted would be whole.
const level = await levels[levelName as LevelName]()
if (bug !== undefined && planted !== 1) throw new Error(`${bug.file} was not loaded`)
const { Seen } = await import('../histories/level.ts')
const details = await fc.check(level.property(new Seen()), {
  seed: Number(seed),
  numRuns: Number(runs),
  endOnFailure: true,
})
const { failed, numRuns, errorInstance } = details
const found = failed ? (errorInstance instanceof Error ? errorInstance.message : 'no words') : null
process.stdout.write(`${JSON.stringify({ found, runs: numRuns })}\n`)
process.exit()
