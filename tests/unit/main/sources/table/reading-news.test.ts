import { describe, expect, it } from 'vitest'
import type { Row } from '../../../../support/scripted-rest.ts'
import { TableBench, startMicros } from '../../../../support/table-bench.ts'
import { secondsLater, tableRow } from '../../../../support/table-rows.ts'

interface Case {
  readonly known?: Row
  readonly read: Row | null
  readonly columns?: object
  readonly cursor?: number
}

/** One reading of what changed: whether it recovered something, and whether it skipped nothing. */
async function readOne({
  known,
  read,
  columns,
  cursor,
}: Case): Promise<readonly [number, boolean]> {
  const bench = new TableBench(columns)
  if (known !== undefined) expect(bench.rows.take(known)).not.toBeNull()
  bench.table.answers.push({ kind: 'body', body: read === null ? [] : [read] })
  const reading = bench.reading('changes', cursor === undefined ? {} : { cursor })
  expect(await reading.run('changes')).toBeNull()
  return [reading.recovered, reading.proven]
}

const row = (attempt: number, seq: number | null, changes: Row = {}): Row =>
  tableRow({ attempt, seq, updated_at: secondsLater(1), ...changes })

describe('what a reading recovers', () => {
  it.each([
    ['a job that was not known', { read: row(1, 1) }, 1],
    ['a job that did not change since', { read: row(1, 1), cursor: startMicros + 1_000_000 }, 0],
    ['a job that changed just after', { read: row(1, 1), cursor: startMicros + 999_999 }, 1],
    ['a job that tells no time', { read: { id: 'a', tenant_id: 'acme', seq: 1 } }, 1],
    ['the next change', { known: row(1, 1), read: row(1, 2) }, 1],
    ['what was known', { known: row(1, 2), read: row(1, 2) }, 0],
    ['what is older than that', { known: row(1, 2), read: row(1, 1) }, 0],
    ['another attempt', { known: row(1, 7), read: row(2, 1) }, 1],
    ['a row of somebody else', { read: row(1, 1, { tenant_id: 'globex' }) }, 0],
    ['a row that makes no sense', { read: row(1, 1, { status: 7 }) }, 0],
  ] as const)('of %s: %j', async (_, given, recovered) => {
    expect((await readOne(given))[0]).toBe(recovered)
  })

  it('goes on after a row that makes no sense', async () => {
    const bench = new TableBench()
    const body = [row(1, 1, { status: 7 }), row(1, 1, { id: null }), row(1, 1)]
    bench.table.answers.push({ kind: 'body', body })
    const reading = bench.reading('changes')
    expect([await reading.run('changes'), reading.recovered]).toEqual([null, 1])
    expect(bench.dropped).toEqual(['malformed', 'malformed'])
  })
})

describe('a reading proves that nothing was skipped', () => {
  it.each([
    ['when nothing changed', { read: null }, true],
    ['when a new job is at its first number', { read: row(1, 1) }, true],
    ['when a job is at its next number', { known: row(2, 1), read: row(2, 2) }, true],
    ['when nothing is new', { known: row(1, 5), read: row(1, 5) }, true],
    ['but not without numbers', { read: null, columns: {} }, false],
    ['but not when a number was skipped', { known: row(1, 1), read: row(1, 3) }, false],
    ['but not when a new job has changed already', { read: row(1, 2) }, false],
    ['but not when a new job runs again already', { read: row(2, 1) }, false],
    ['but not when an attempt may have ended', { known: row(1, 1), read: row(2, 1) }, false],
    [
      'but not when times only look like numbers',
      { known: row(1, null), read: row(1, null, { updated_at: secondsLater(1, 1) }) },
      false,
    ],
  ] as const)('%s', async (_, given, proven) => {
    expect((await readOne(given))[1]).toBe(proven)
  })
})
