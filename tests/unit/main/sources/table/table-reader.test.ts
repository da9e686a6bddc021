import { beforeEach, describe, expect, it } from 'vitest'
import { retry } from '../../../../../src/main/sources/close-codes.ts'
import type { GatewayAnswer } from '../../../../../src/main/sources/gateway-http.ts'
import { TableReader } from '../../../../../src/main/sources/table/table-reader.ts'
import { jobTableSchema } from '../../../../../src/shared/profile.ts'
import type { FailureCode } from '../../../../../src/shared/failure.ts'
import { AskedTable } from '../../../../support/asked-table.ts'
import type { Row } from '../../../../support/scripted-rest.ts'
import { secondsLater, tableRow } from '../../../../support/table-rows.ts'

const startMicros = 1_795_183_142_000_000
const failed = (reason: FailureCode): GatewayAnswer => ({ kind: 'failed', verdict: retry(reason) })
const stopped = (reason: FailureCode): GatewayAnswer => ({
  kind: 'failed',
  verdict: { kind: 'stop', reason, reach: 'source' },
})
const tooLong = failed('protocol_error')
const unknown = stopped('table_unknown')

/** So many jobs, each changed a microsecond after the one before; `job-0` first. */
const jobs = (count: number): Row[] =>
  Array.from({ length: count }, (_, at) =>
    tableRow({ id: `job-${at}`, updated_at: secondsLater(0, at) }),
  )

let table: AskedTable
let reader: TableReader

beforeEach(() => {
  table = new AskedTable()
  reader = new TableReader(jobTableSchema.parse({}), ['acme'])
})

const read = (maxPages = 5) => reader.read(table.ask, { order: 'oldest' }, maxPages)
const asked = (name: string) => table.asked.map((query) => query.get(name))

describe('TableReader', () => {
  it('reads on after the last row of each page, until one is shorter than pages are', async () => {
    table.rows = jobs(250)
    table.mostRows = 120
    expect(await read()).toEqual({ rows: table.rows, next: null })
    expect(asked('limit')).toEqual(['1000', '1000', '1000'])
    const [first, second, third] = asked('or')
    expect(first).toBeNull()
    expect(second).toContain('updated_at.gt."2026-11-20T13:59:02.000119Z"')
    expect(second).toContain('id.gt."job-119"')
    expect(third).toContain('id.gt."job-239"')
  })

  it.each([
    [99, 1],
    [100, 2],
  ])('takes a first page of %i rows for one of %i', async (count, pages) => {
    table.rows = jobs(count)
    expect(await read()).toEqual({ rows: table.rows, next: null })
    expect(table.asked).toHaveLength(pages)
  })

  it('stops after the pages it may read, and says where to read on', async () => {
    table.rows = jobs(300)
    table.mostRows = 100
    const next = { micros: startMicros + 199, id: 'job-199' }
    expect(await read(2)).toEqual({ rows: table.rows.slice(0, 200), next })
    const rest = await reader.read(table.ask, { order: 'oldest', after: next }, 1)
    expect(rest).toMatchObject({ rows: table.rows.slice(200) })
  })

  it.each([
    ['time', 'updated_at'],
    ['id', 'id'],
  ])('cannot read on after a row without its %s', async (_, column) => {
    table.rows = [...jobs(99), { ...tableRow({ updated_at: secondsLater(1) }), [column]: null }]
    expect(await read()).toMatchObject({ next: null })
    expect(table.asked).toHaveLength(1)
  })

  it('gives up with what a page came to', async () => {
    table.rows = jobs(150)
    table.mostRows = 100
    table.answers.push(null, failed('server_error'))
    expect(await read()).toEqual(failed('server_error'))
    expect(table.asked).toHaveLength(2)
  })

  it.each([[{ message: 'hello' }], [null], ['rows'], [[1]], [[null]]])(
    'takes %j for no table',
    async (body) => {
      table.answers.push({ kind: 'body', body })
      expect(await read()).toEqual({ kind: 'missing' })
    },
  )

  it('asks for half as much each time an answer was too long, but for 25 rows at least', async () => {
    table.answers.push(tooLong, tooLong, tooLong, tooLong, tooLong, tooLong, tooLong)
    for (let time = 0; time < 8; time += 1) await read()
    expect(asked('limit')).toEqual(['1000', '500', '250', '125', '62', '31', '25', '25'])
  })

  it('takes a short page for a whole one, where it asked for no more', async () => {
    table.rows = jobs(60)
    table.answers.push(tooLong, tooLong, tooLong, tooLong, tooLong, tooLong)
    for (let time = 0; time < 6; time += 1) await read()
    expect(await read()).toEqual({ rows: table.rows, next: null })
    expect(table.asked).toHaveLength(6 + 3)
  })

  it.each([failed('server_error'), stopped('protocol_error'), { kind: 'missing' } as const])(
    'asks for as much again after %j',
    async (answer) => {
      table.answers.push(answer)
      expect(await read()).toEqual(answer)
      await read()
      expect(asked('limit')).toEqual(['1000', '1000'])
    },
  )
})

describe('what has not ended', () => {
  const ended = { status: 'completed', completed_at: secondsLater(1) }
  const unfinished = () => reader.readUnfinished(table.ask, 5)

  beforeEach(() => {
    table.rows = [...jobs(2), tableRow({ id: 'done', ...ended })]
  })

  it('is asked for by its status, the newest first', async () => {
    expect(await unfinished()).toMatchObject({ rows: [{ id: 'job-1' }, { id: 'job-0' }] })
    expect(asked('status')).toEqual([
      'in.("queued","pending","running","processing","in_progress")',
    ])
    expect(asked('order')).toEqual(['updated_at.desc.nullslast,id.asc'])
  })

  it('is asked for by its end, where the column of the status knows other words', async () => {
    table.answers.push(unknown)
    expect(await unfinished()).toMatchObject({ rows: [{ id: 'job-1' }, { id: 'job-0' }] })
    await unfinished()
    expect(asked('completed_at')).toEqual([null, 'is.null', 'is.null'])
    expect(asked('status').slice(1)).toEqual([null, null])
  })

  it('is not asked for any more where neither is understood', async () => {
    table.answers.push(unknown, unknown)
    expect([await unfinished(), await unfinished()]).toEqual([null, null])
    expect(table.asked).toHaveLength(2)
  })

  it('cannot be asked for by an end that the table has no column for', async () => {
    reader = new TableReader(jobTableSchema.parse({ columns: { finishedAt: null } }), ['acme'])
    table.answers.push(unknown)
    expect(await unfinished()).toBeNull()
    expect(table.asked).toHaveLength(1)
  })

  it.each([
    failed('server_error'),
    failed('table_unknown'),
    stopped('permission_denied'),
    { kind: 'missing' } as const,
  ])('is asked for in the same way after %j', async (answer) => {
    table.answers.push(answer)
    expect(await unfinished()).toEqual(answer)
    await unfinished()
    expect(asked('completed_at')).toEqual([null, null])
  })
})

describe('rows by their names', () => {
  it('are the ones asked for, the newest first', async () => {
    table.rows = jobs(4)
    const rows = [{ id: 'job-2' }, { id: 'job-1' }]
    expect(await reader.readById(table.ask, ['job-1', 'job-2'])).toMatchObject({ rows, next: null })
    expect(asked('id')).toEqual(['in.("job-1","job-2")'])
  })

  it('are read on for no longer than there are names', async () => {
    const tenants = Array.from({ length: 100 }, (_, at) => tableRow({ tenant_id: `t${at}` }))
    const page = { kind: 'body', body: tenants } as const
    table.answers.push(page, page, page)
    expect(await reader.readById(table.ask, ['job-1', 'job-2'])).toMatchObject({
      next: { id: 'job-1' },
    })
    expect(table.asked).toHaveLength(2)
  })
})
