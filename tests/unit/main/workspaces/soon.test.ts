import { describe, expect, it } from 'vitest'
import { Soon } from '../../../../src/main/workspaces/soon.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

const open = () => {
  const clock = new FakeClock()
  const ran: number[] = []
  return { clock, ran, soon: new Soon(clock, 250, () => ran.push(clock.monotonic())) }
}

describe('a task that is run soon', () => {
  it('runs at once, then at most once in its time, and not without being asked', async () => {
    const { clock, ran, soon } = open()
    soon.ask()
    await clock.advance(100)
    soon.ask()
    soon.ask()
    await clock.advance(1_000)
    soon.ask()
    await clock.advance(1_000)
    expect(ran).toEqual([0, 250, 1_100])
  })

  it('can run now, which does what was waiting', async () => {
    const { clock, ran, soon } = open()
    soon.ask()
    await clock.advance(100)
    soon.ask()
    soon.now()
    await clock.advance(1_000)
    expect(ran).toEqual([0, 100])
    expect(clock.armed).toBe(0)
  })

  it('leaves no timer when it is stopped', async () => {
    const { clock, ran, soon } = open()
    soon.ask()
    soon.ask()
    soon.stop()
    await clock.advance(1_000)
    expect([ran, clock.armed]).toEqual([[0], 0])
  })
})
