import { beforeEach, describe, expect, it } from 'vitest'
import { retry } from '../../../../../src/main/sources/close-codes.ts'
import type { GatewayAnswer } from '../../../../../src/main/sources/gateway-http.ts'
import type { Reading, Reach } from '../../../../../src/main/sources/table/reading.ts'
import type { AskedTable } from '../../../../support/asked-table.ts'
import type { Row } from '../../../../support/scripted-rest.ts'
import { TableBench, startMicros } from '../../../../support/table-bench.ts'
import { secondsLater, tableRow } from '../../../../support/table-rows.ts'

const second = 1_000_000
const late = startMicros + 20 * second
const trouble: GatewayAnswer = { kind: 'failed', verdict: retry('server_error') }
const refused: GatewayAnswer = {
  kind: 'failed',
  verdict: { kind: 'stop', reason: 'table_unknown', reach: 'source' },
}

let bench: TableBench
let table: AskedTable

beforeEach(() => {
  bench = new TableBench()
  ;({ table } = bench)
})

async function run(
  reach: Reach,
  from: Parameters<TableBench['reading']>[1] = {},
): Promise<Reading> {
  const reading = bench.reading(reach, from)
  expect(await reading.run(reach)).toBeNull()
  return reading
}

/** What was asked for, a word each. */
const asked = () =>
  table.asked.map((query) => {
    if (query.has('id')) return 'names'
    if (query.has('status')) return 'unfinished'
    if (query.has('completed_at')) return 'open'
    return query.has('updated_at') ? 'changes' : String(query.get('order')?.split('.')[1])
  })

const row = (id: string, at: number, changes: Row = {}): Row =>
  tableRow({ id, seq: 1, updated_at: secondsLater(at), ...changes })
const ended = (id: string, at: number, changes: Row = {}): Row =>
  row(id, at, { status: 'completed', completed_at: secondsLater(at), seq: 2, ...changes })
const taken = () => bench.taken.map(({ id }) => id)
/** Names of as many jobs, so that they stand in this order. */
const names = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => `job-${String(at).padStart(3, '0')}`)

describe('what a reading asks for', () => {
  it('is, at first, what has not ended and what changed last', async () => {
    await run('first')
    expect(asked()).toEqual(['unfinished', 'desc'])
  })

  it('is, of the whole, what has not ended and what changed since, with five seconds to spare', async () => {
    await run('whole')
    expect(asked()).toEqual(['unfinished', 'changes'])
    expect(table.asked[1]?.get('updated_at')).toBe('gte.2026-11-20T13:58:57.000000Z')
  })

  it('is not from before time began', async () => {
    await run('changes', { cursor: 1 })
    expect(table.asked[0]?.get('updated_at')).toBe('gte.1970-01-01T00:00:00.000000Z')
  })

  it('is, of the whole, also the newest where what has not ended cannot be asked for', async () => {
    table.answers.push(refused, refused)
    await run('whole')
    expect(asked()).toEqual(['unfinished', 'open', 'changes', 'desc'])
  })

  it.each(['changes', 'whole'] as const)(
    'is, of %s too many for five pages, the newest',
    async (reach) => {
      table.rows = names(501).map((id) => ended(id, 1))
      table.mostRows = 100
      const one = await run(reach)
      const kinds = asked().filter((kind) => kind !== 'unfinished')
      expect(kinds.slice(0, 6)).toEqual([...Array<string>(5).fill('changes'), 'desc'])
      expect(one.proven).toBe(false)
    },
  )

  it('is one page, from where the last one ended', async () => {
    table.rows = names(250).map((id) => ended(id, 1))
    table.mostRows = 100
    const after = { micros: startMicros + second, id: 'job-099' }
    const one = await run('page', { after })
    expect(asked()).toEqual(['changes'])
    expect(table.asked[0]?.get('or')).toContain('id.gt."job-099"')
    expect(taken()).toEqual(names(200).slice(100))
    expect(one.after).toEqual({ ...after, id: 'job-199' })
  })

  it.each([
    ['first', 1],
    ['first', 2],
    ['whole', 1],
    ['whole', 2],
    ['whole', 3],
    ['changes', 1],
    ['page', 1],
  ] as const)(
    'is nothing more in a reading of "%s" whose request %i failed',
    async (reach, last) => {
      bench.rows.take(row('job-1', 0))
      table.answers.push(...Array<null>(last - 1).fill(null), trouble)
      expect(await bench.reading(reach).run(reach)).toEqual(trouble)
      expect(table.asked).toHaveLength(last)
      expect(bench.forgotten).toEqual([])
    },
  )
})

describe('the cursor of a reading', () => {
  it('stands at the start where the table is empty', async () => {
    expect((await run('first')).cursor).toBe(0)
  })

  it.each(['first', 'whole', 'changes', 'page'] as const)(
    'moves with %s to the last change',
    async (reach) => {
      table.rows = [row('a', 3), ended('b', 4), row('c', 2)]
      const one = await run(reach)
      expect(one.cursor).toBe(startMicros + 4 * second)
    },
  )

  it('does not move back over changes that were written late', async () => {
    table.rows = [row('a', 3)]
    const cursor = startMicros + 5 * second
    expect((await run('changes', { cursor })).cursor).toBe(cursor)
  })

  it('does not move with rows that were not read in the order of changes', async () => {
    bench.rows.take(row('gone', 0))
    const bodies = [[row('a', 7)], [row('b', 2)], [ended('gone', 9)]]
    table.answers.push(...bodies.map((body) => ({ kind: 'body', body }) as const))
    expect((await run('whole')).cursor).toBe(startMicros + 2 * second)
    expect(taken()).toEqual(['gone', 'a', 'b', 'gone'])
  })
})

describe('those that are not listed as unfinished any more', () => {
  it('are looked for by name, and forgotten where they are gone', async () => {
    for (const id of ['done', 'gone', 'here']) bench.rows.take(row(id, 0))
    table.rows = [row('here', 0), ended('done', 1)]
    const one = await run('whole', { cursor: late })
    expect(table.asked.map((query) => query.get('id'))).toEqual([null, null, 'in.("done","gone")'])
    expect(bench.forgotten).toEqual(['gone'])
    expect([one.recovered, one.proven]).toEqual([1, false])
    expect(bench.rows.unfinished).toEqual(new Set(['here']))
  })

  it('prove that nothing was missed where all are still there', async () => {
    bench.rows.take(row('done', 0))
    table.rows = [ended('done', 1)]
    const one = await run('whole', { cursor: late })
    expect([one.recovered, one.proven, asked().at(-1)]).toEqual([1, true, 'names'])
  })

  it('are looked for only by a reading of the whole', async () => {
    bench.rows.take(row('gone', 0))
    await run('changes', { cursor: late })
    expect([asked(), bench.forgotten]).toEqual([['changes'], []])
  })

  it('are not looked for when they were heard of meanwhile', async () => {
    bench.rows.take(row('told', 0))
    table.onAsked = () => bench.rows.take(ended('told', 1))
    await run('whole', { cursor: late })
    expect(asked()).toEqual(['unfinished', 'changes'])
  })

  it('are looked for fifty at once, and five hundred in one reading', async () => {
    const all = names(501)
    for (const id of all) bench.rows.take(row(id, 0))
    await run('whole', { cursor: late })
    const lists = table.asked.slice(2).map((query) => query.get('id') ?? '')
    expect(lists).toHaveLength(10)
    expect(lists.map((list) => list.match(/job-\d+/g))).toEqual(
      lists.map((_, at) => all.slice(at * 50, at * 50 + 50)),
    )
    expect(bench.forgotten).toEqual(all.slice(0, 500))
  })

  it('are not forgotten over a list that goes on', async () => {
    bench.rows.take(row('mine', 0))
    const body = names(100).map((id) => row(id, 0))
    table.answers.push(null, null, { kind: 'body', body })
    const one = await run('whole', { cursor: late })
    expect([bench.forgotten, one.proven]).toEqual([[], true])
  })
})

describe('a reading that is given up', () => {
  it.each([
    ['first', 1, []],
    ['first', 2, ['here']],
    ['whole', 1, []],
    ['whole', 2, ['here']],
    ['whole', 3, ['here', 'here']],
    ['changes', 1, []],
    ['page', 1, []],
  ] as const)('takes nothing for "%s" from request %i on', async (reach, last, before) => {
    bench.rows.take(row('gone', 0))
    table.rows = [row('here', 1)]
    table.onAsked = () => {
      if (table.asked.length === last) void bench.scope.close('given up')
    }
    await run(reach)
    expect(table.asked).toHaveLength(last)
    expect([taken(), bench.forgotten]).toEqual([['gone', ...before], []])
  })
})
