import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Scope } from '../../../../src/main/lib/scope.ts'
import { openPollingSource } from '../../../../src/main/sources/polling-source.ts'
import { openRealtimeSource } from '../../../../src/main/sources/realtime-source.ts'
import type { Source } from '../../../../src/main/sources/source.ts'
import { FakeClock, settleAll } from '../../../support/fake-clock.ts'
import { FakeSockets } from '../../../support/fake-socket.ts'
import { MemoryTable } from '../../../support/memory-table.ts'
import { sourceContext } from '../../../support/source-context.ts'
import { tableRow } from '../../../support/table-rows.ts'

const away = { status: 503, body: '{"message":"away"}' }

let scope: Scope
let clock: FakeClock
let sockets: FakeSockets
let table: MemoryTable
let source: Source

async function open(opener: typeof openPollingSource): Promise<void> {
  source = opener(sourceContext({ scope, clock, sockets: sockets.open, fetch: table.fetch }))
  await settleAll()
}
const pass = (ms: number): Promise<void> => clock.advance(ms, settleAll)
/** Requests made since, in the time given. */
async function queriesIn(ms: number): Promise<number> {
  const before = table.queries
  await pass(ms)
  return table.queries - before
}

beforeEach(() => {
  scope = new Scope('test')
  clock = new FakeClock()
  sockets = new FakeSockets()
  table = new MemoryTable()
  table.put(tableRow())
})

afterEach(async () => {
  await scope.close('test over')
  expect([clock.armed, scope.size, sockets.live]).toEqual([0, 0, 0])
})

describe('the polling source', () => {
  it('shows nothing but that it connects, until it has read', async () => {
    const opened = open(openPollingSource)
    const nothing = { sockets: 0, nextTryAtMs: null, reason: null }
    expect(source.view).toEqual({ kind: 'polling', state: 'connecting', ...nothing })
    await opened
    expect(source.view).toEqual({ kind: 'polling', state: 'live', ...nothing })
    expect(sockets.all).toEqual([])
  })

  it('says why it does not begin, and when it tries again', async () => {
    table.instead = away
    await open(openPollingSource)
    const nextTryAtMs = clock.now() + 1_000
    expect(source.view).toMatchObject({
      state: 'reconnecting',
      reason: 'server_error',
      nextTryAtMs,
    })
  })

  it('is not live while polls fail, and is again with the first that does not', async () => {
    await open(openPollingSource)
    table.instead = away
    await pass(5_000)
    const nextTryAtMs = clock.now() + 1_000
    expect(source.view).toMatchObject({
      state: 'reconnecting',
      reason: 'server_error',
      nextTryAtMs,
    })
    table.instead = null
    await pass(1_000)
    expect(source.view).toMatchObject({ state: 'live', reason: null, nextTryAtMs: null })
    expect(source.view.gap).toEqual({ atMs: clock.now(), recovered: 0, missing: null })
  })

  it('polls at once when it is woken, and not when it is over', async () => {
    await open(openPollingSource)
    source.wake()
    await settleAll()
    const before = table.queries
    expect(before).toBe(3)
    await scope.close('over')
    source.wake()
    await settleAll()
    expect([table.queries, source.view.state]).toEqual([before, 'idle'])
  })

  it('F61: is stopped by a server that keeps telling of other tenants', async () => {
    const rows = ['x', 'y', 'z'].map((id) => tableRow({ id, tenant_id: 'globex' }))
    table.instead = { status: 200, body: JSON.stringify(rows) }
    await open(openPollingSource)
    expect(source.stopped).toBe('protocol_error')
  })
})

describe('the realtime source', () => {
  it('does not poll while its first dial is under way', async () => {
    await open(openRealtimeSource)
    expect(await queriesIn(9_999)).toBe(0)
    expect(source.view).toEqual({
      kind: 'realtime',
      state: 'connecting',
      sockets: 0,
      nextTryAtMs: null,
      reason: null,
    })
  })

  it('polls 2.5 s after Realtime was lost, and every 5 s from then on', async () => {
    await open(openRealtimeSource)
    sockets.last.end({ status: 404 })
    await settleAll()
    const nextTryAtMs = clock.now() + 225_000
    const reason = 'realtime_unavailable'
    expect(source.view).toMatchObject({ state: 'polling', reason, nextTryAtMs })
    expect(await queriesIn(2_499)).toBe(0)
    expect(await queriesIn(1)).toBe(1)
    expect(await queriesIn(4_999)).toBe(0)
    expect(await queriesIn(1)).toBe(1)
  })

  it('says why the table cannot be read, where neither way works', async () => {
    table.instead = away
    await open(openRealtimeSource)
    sockets.last.end({ status: 404 })
    await settleAll()
    const nextTryAtMs = clock.now() + 1_000
    expect(source.view).toMatchObject({
      state: 'reconnecting',
      reason: 'server_error',
      nextTryAtMs,
    })
  })

  it('wakes both ways, and neither when it is over', async () => {
    await open(openRealtimeSource)
    sockets.last.end({ status: 404 })
    const before = table.queries
    source.wake()
    await settleAll()
    expect([sockets.all.length, table.queries]).toEqual([2, before + 1])
    await scope.close('over')
    source.wake()
    await settleAll()
    expect([sockets.all.length, table.queries]).toEqual([2, before + 1])
  })
})
