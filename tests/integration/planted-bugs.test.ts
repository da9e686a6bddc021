import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { bugs } from '../support/planted/bugs.ts'
import type { LevelName } from '../support/planted/bugs.ts'

/** Histories of one seed in which each bug has to come up; none needed more than 60 when this was written. */
const runs = 500
const seed = 1
const run = promisify(execFile)

interface Answer {
  /** In the words of the invariant. */
  readonly found: string | null
  /** Histories until then. */
  readonly runs: number
}

async function look(level: LevelName, bug: string): Promise<Answer> {
  const child = join(import.meta.dirname, '../support/planted/child.ts')
  const args = [child, bug, level, String(seed), String(runs)]
  const { stdout } = await run(process.execPath, args, { timeout: 60_000 })
  return JSON.parse(stdout) as Answer
}

describe('generated histories find a planted', () => {
  it.each(bugs)('$kind: $name ($breaks)', { timeout: 60_000 }, async ({ level, name, breaks }) => {
    const { found } = await look(level, name)
    expect(found).toMatch(new RegExp(`^${breaks}: `))
  })

  it('bug of each of the four kinds', () => {
    expect(new Set(bugs.map(({ kind }) => kind)).size).toBe(4)
  })

  it.each([...new Set(bugs.map(({ level }) => level))])(
    'bug, and nothing where none is planted: %s',
    { timeout: 60_000 },
    async (level) => {
      expect(await look(level, 'none')).toEqual({ found: null, runs })
    },
  )
})
