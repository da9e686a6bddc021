import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Scope } from '../../../../../src/main/lib/scope.ts'
import { Heartbeat } from '../../../../../src/main/sources/realtime/heartbeat.ts'
import { FakeClock } from '../../../../support/fake-clock.ts'

let scope: Scope
let clock: FakeClock
let heartbeat: Heartbeat
let beats: number[]
let silences: number[]

beforeEach(() => {
  scope = new Scope('test')
  clock = new FakeClock()
  beats = []
  silences = []
  heartbeat = new Heartbeat({
    scope,
    clock,
    beat: () => beats.push(clock.monotonic()),
    onSilent: () => silences.push(clock.monotonic()),
  })
})
afterEach(async () => {
  await scope.close('test over')
  expect(clock.armed).toBe(0)
})

describe('Heartbeat', () => {
  it('beats every 6 s while something is heard', async () => {
    for (let beat = 1; beat <= 3; beat += 1) {
      await clock.advance(6_000)
      heartbeat.heard()
    }
    expect(beats).toEqual([6_000, 12_000, 18_000])
    expect([silences, clock.delays]).toEqual([[], [6_000]])
  })

  it('does not count what was heard before the beat', async () => {
    await clock.advance(5_999)
    heartbeat.heard()
    await clock.advance(6_001)
    expect([beats, silences]).toEqual([[6_000], [12_000]])
  })

  it('says once that nothing is heard from one beat to the next', async () => {
    await clock.advance(60_000)
    expect([beats, silences, clock.armed]).toEqual([[6_000], [12_000], 0])
  })

  it('gives an answer that lies unread half a second when we were busy', async () => {
    await clock.advance(6_000)
    clock.stall(6_500)
    await clock.advance(499)
    expect([beats, silences]).toEqual([[6_000], []])
    heartbeat.heard()
    await clock.advance(1)
    expect([beats, silences, clock.delays]).toEqual([[6_000, 13_000], [], [6_000]])
  })

  it('gives it no second half', async () => {
    await clock.advance(6_000)
    clock.stall(6_500)
    await clock.advance(500)
    expect([silences, clock.armed]).toEqual([[13_000], 0])
  })

  it('takes a timer that is less late for one that is in time', async () => {
    await clock.advance(6_000)
    clock.stall(6_499)
    await clock.advance(0)
    expect(silences).toEqual([12_499])
  })

  it('ends with its scope', async () => {
    await scope.close('over')
    await clock.advance(60_000)
    expect([beats, silences]).toEqual([[], []])
  })
})
