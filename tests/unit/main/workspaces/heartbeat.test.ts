import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Scope } from '../../../../src/main/lib/scope.ts'
import { startHeartbeat } from '../../../../src/main/workspaces/heartbeat.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { MemoryNetwork } from '../../../support/memory-ports.ts'

let scope: Scope
let clock: FakeClock
let network: MemoryNetwork
let beats: number
let wakes: number

beforeEach(() => {
  scope = new Scope('test')
  clock = new FakeClock()
  network = new MemoryNetwork()
  beats = 0
  wakes = 0
  startHeartbeat({
    scope,
    clock,
    network,
    onBeat: () => (beats += 1),
    onWake: () => (wakes += 1),
  })
})

afterEach(async () => {
  await scope.close('test over')
  expect(clock.armed).toBe(0)
})

describe('the heartbeat', () => {
  it('beats every second and wakes nobody while nothing happens', async () => {
    await clock.advance(60_000)
    expect([beats, wakes]).toEqual([60, 0])
  })

  it.each([
    ['timers stand still in it', () => clock.sleep(600_000)],
    ['timers fall due in it', () => clock.stall(600_000)],
  ])('wakes once after a sleep, where %s', async (_where, sleep) => {
    await clock.advance(10_500)
    sleep()
    await clock.advance(10_000)
    expect(wakes).toBe(1)
  })

  it('wakes once when the addresses change, and again when they change back', async () => {
    await clock.advance(5_000)
    network.where = 'train'
    await clock.advance(10_000)
    expect(wakes).toBe(1)
    network.where = 'desk'
    await clock.advance(10_000)
    expect(wakes).toBe(2)
  })

  it('wakes when the network is back, not when it goes', async () => {
    network.online = false
    await clock.advance(5_000)
    expect(wakes).toBe(0)
    network.online = true
    await clock.advance(5_000)
    expect(wakes).toBe(1)
  })

  it('is not disturbed by a wall clock that is set back, and at most woken by one set forward', async () => {
    await clock.advance(1_000)
    clock.jump(-3_600_000)
    await clock.advance(10_000)
    expect([beats, wakes]).toEqual([11, 0])
    clock.jump(3_600_000)
    await clock.advance(10_000)
    expect([beats, wakes]).toEqual([21, 1])
  })
})
