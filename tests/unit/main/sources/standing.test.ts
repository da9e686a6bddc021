import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Standing } from '../../../../src/main/sources/standing.ts'
import type { Stand } from '../../../../src/main/sources/standing.ts'
import type { SourceView } from '../../../../src/shared/workspace.ts'
import { settle } from '../../../support/fake-clock.ts'
import { SourceBench } from '../../../support/source-bench.ts'
import { stillSource } from '../../../support/still-source.ts'

const connecting: Stand = { state: 'connecting', sockets: 0, nextTryAtMs: null, reason: null }
const live: Stand = { ...connecting, state: 'live', sockets: 1 }

let bench: SourceBench
let stand: Stand
let looks: number
let heard: number
let standing: Standing
let told: SourceView[]

beforeEach(() => {
  bench = new SourceBench({ gatewayUrl: 'http://127.0.0.1:1', open: stillSource })
  stand = connecting
  looks = 0
  heard = 0
  told = []
  const context = {
    ...bench.context,
    sink: { ...bench.context.sink, heard: () => void (heard += 1) },
  }
  const look = (): Stand => {
    looks += 1
    return stand
  }
  standing = new Standing({ kind: 'polling', context, look })
  standing.begin()
  standing.onChanged(() => told.push(standing.view))
})
afterEach(async () => {
  await bench.scope.close('test over')
  expect([bench.clock.armed, bench.scope.size]).toEqual([0, 0])
})

/** It looks like this from now on, and may say so. */
async function become(next: Stand): Promise<void> {
  stand = next
  standing.tell()
  await settle()
}

describe('Standing', () => {
  it('is of its kind, and says nothing of how it looked to begin with', async () => {
    looks = 0
    standing.tell()
    standing.tell()
    await settle()
    expect(looks).toBe(1)
    expect(standing.view).toEqual({ kind: 'polling', ...connecting })
    expect('gap' in standing.view).toBe(false)
    expect([told, standing.stopped]).toEqual([[], null])
  })

  it('tells once for all that changes in one turn', async () => {
    stand = { ...live, sockets: 1 }
    standing.tell()
    stand = { ...live, sockets: 2 }
    standing.tell()
    expect(told).toEqual([])
    await settle()
    expect(told).toEqual([{ kind: 'polling', ...live, sockets: 2 }])
    await become(live)
    expect(told).toHaveLength(2)
  })

  it.each([
    ['state', { ...live, state: 'reconnecting' }],
    ['sockets', { ...live, sockets: 2 }],
    ['next try', { ...live, nextTryAtMs: 7 }],
    ['reason', { ...live, reason: 'too_many_sockets' }],
  ] as const)('tells of another %s', async (_, next) => {
    await become(live)
    await become({ ...live })
    expect(told).toHaveLength(1)
    await become(next)
    expect(told.at(-1)).toEqual({ kind: 'polling', ...next })
    expect(told).toHaveLength(2)
  })

  it('tells of a gap that was closed, and of the next one like it', async () => {
    standing.closeGap({ recovered: 3, missing: 0 })
    await settle()
    const gap = { recovered: 3, missing: 0, atMs: bench.clock.now() }
    expect(told).toEqual([{ kind: 'polling', ...connecting, gap }])
    standing.closeGap({ recovered: 3, missing: 0 })
    await settle()
    expect(told).toHaveLength(2)
  })

  it('tells nobody who listens no more', async () => {
    const off = standing.onChanged(() => told.push(standing.view))
    off()
    await become(live)
    expect(told).toHaveLength(1)
  })

  it('says that it was silent, and the sink that something was heard', async () => {
    expect([standing.fresh, standing.everHeard]).toEqual([false, false])
    expect([standing.heard(), standing.heard()]).toEqual([true, false])
    expect([standing.fresh, standing.everHeard, heard]).toEqual([true, true, 2])
    await bench.clock.advance(12_000)
    expect([standing.fresh, standing.everHeard, standing.heard()]).toEqual([false, true, true])
  })

  it('I14: looks again when nothing was heard for 12 s', async () => {
    standing.heard()
    await become(live)
    stand = { ...live, state: 'reconnecting' }
    await bench.clock.advance(11_999)
    expect(told).toHaveLength(1)
    await bench.clock.advance(1)
    expect(told.at(-1)?.state).toBe('reconnecting')
  })

  it.each([
    ['connecting', 1],
    ['reconnecting', 1],
    ['live', 0],
    ['polling', 0],
  ] as const)('while it is %s, what is heard makes it look %i times', async (state, times) => {
    await become({ ...live, state })
    looks = 0
    standing.heard()
    await settle()
    expect(looks).toBe(times)
  })

  it('stops once, for the first reason, and says so at once and in the log', async () => {
    await become(live)
    standing.stop('forbidden')
    const stopped = { ...connecting, kind: 'polling', state: 'stopped', reason: 'forbidden' }
    expect(told.slice(1)).toEqual([stopped])
    expect([standing.stopped, standing.scope.closed]).toEqual(['forbidden', true])
    standing.stop('key_wrong')
    await become(connecting)
    expect(told).toHaveLength(2)
    expect([standing.stopped, standing.view]).toEqual(['forbidden', stopped])
    expect(bench.logged.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 'warn', message: 'source stopped', reason: 'forbidden' },
    ])
    expect(bench.scope.closed).toBe(false)
  })

  it('I2: is idle when it was closed from outside, and neither stops nor tells any more', async () => {
    await become(live)
    standing.tell()
    stand = connecting
    await bench.scope.close('signed out')
    standing.stop('forbidden')
    await settle()
    expect(standing.view).toEqual({ ...connecting, kind: 'polling', state: 'idle' })
    expect([standing.stopped, told.length, bench.logged]).toEqual([null, 1, []])
  })
})
