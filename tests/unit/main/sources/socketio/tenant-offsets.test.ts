import { describe, expect, it } from 'vitest'
import { TenantOffsets } from '../../../../../src/main/sources/socketio/tenant-offsets.ts'

/** Settled at 10 for acme and 4 for globex. */
function settled(): TenantOffsets {
  const offsets = new TenantOffsets()
  offsets.settle({ acme: 10, globex: 4 })
  return offsets
}

describe('TenantOffsets', () => {
  it('goes on one by one, each tenant by itself', () => {
    const offsets = settled()
    expect(offsets.take('acme', 11)).toBe('next')
    expect(offsets.take('globex', 5)).toBe('next')
    expect(offsets.take('acme', 12)).toBe('next')
  })

  it('knows what was told before', () => {
    const offsets = settled()
    expect(offsets.take('acme', 10)).toBe('old')
    offsets.take('acme', 11)
    expect(offsets.take('acme', 11)).toBe('old')
    expect(offsets.take('acme', 12)).toBe('next')
  })

  it('F52: sees a hole, and does not count past it', () => {
    const offsets = settled()
    expect(offsets.take('acme', 12)).toBe('hole')
    expect(offsets.take('acme', 13)).toBe('hole')
    expect(offsets.take('acme', 11)).toBe('next')
  })

  it('takes whatever comes before it is told where things stand', () => {
    const offsets = new TenantOffsets()
    expect(offsets.take('acme', 700)).toBe('next')
    expect(offsets.take('acme', 701)).toBe('next')
    offsets.settle({ acme: 699 })
    expect(offsets.take('acme', 702)).toBe('next')
  })

  it.each([
    ['the same place', { acme: 10, globex: 4 }, true],
    ['a place behind', { acme: 9, globex: 4 }, true],
    ['a place ahead', { acme: 10, globex: 5 }, false],
    ['a tenant more', { acme: 10, globex: 4, initech: 1 }, false],
    ['no numbers', {}, false],
  ])('told %s after an interruption, knows whether it missed anything', (_what, told, whole) => {
    const offsets = settled()
    offsets.begin()
    expect(offsets.settle(told)).toBe(whole)
  })

  it('does not take an event that came first for those before it', () => {
    const offsets = settled()
    offsets.begin()
    offsets.take('acme', 12)
    offsets.begin()
    expect(offsets.settle({ acme: 12, globex: 4 })).toBe(false)
  })

  it('interrupted again before it was told anything, compares with what it heard at first', () => {
    const offsets = settled()
    offsets.begin()
    offsets.begin()
    expect(offsets.settle({ acme: 10, globex: 4 })).toBe(true)
  })

  it('F53: another history has nothing to do with what was heard', () => {
    const offsets = settled()
    offsets.restart()
    offsets.settle({ acme: 2 })
    expect(offsets.take('acme', 3)).toBe('next')
    offsets.begin()
    offsets.restart()
    expect(offsets.settle({ acme: 3 })).toBe(false)
  })

  it('counts from the first event on where nobody told where things stand', () => {
    const offsets = new TenantOffsets()
    expect(offsets.take('acme', 0)).toBe('next')
    expect(offsets.take('acme', 0)).toBe('old')
    expect(offsets.take('acme', 1)).toBe('next')
    expect(offsets.take('acme', 3)).toBe('hole')
  })

  it('told at first that nothing has happened yet, knows that it missed something', () => {
    const offsets = new TenantOffsets()
    expect(offsets.settle({ acme: 0 })).toBe(false)
    expect(offsets.take('acme', 0)).toBe('old')
    expect(offsets.take('acme', 1)).toBe('next')
  })

  it('told where things stand once more, has missed nothing that it counted', () => {
    const offsets = settled()
    offsets.take('acme', 11)
    expect(offsets.settle({ acme: 11, globex: 4 })).toBe(true)
    expect(offsets.settle({ acme: 12, globex: 4 })).toBe(false)
    expect(offsets.take('acme', 13)).toBe('next')
  })

  it('compares with what was heard before the interruption only until it is settled', () => {
    const offsets = settled()
    offsets.begin()
    offsets.settle({ acme: 20, globex: 4 })
    expect(offsets.settle({ acme: 20, globex: 4 })).toBe(true)
    offsets.begin()
    expect(offsets.settle({ acme: 20 })).toBe(true)
    expect(offsets.take('globex', 900)).toBe('next')
  })

  it('F53: keeps what another history has told already when it begins during an interruption', () => {
    const offsets = settled()
    offsets.begin()
    offsets.take('acme', 3)
    offsets.restart()
    expect(offsets.take('acme', 3)).toBe('old')
    offsets.settle({ acme: 2 })
    expect(offsets.take('acme', 4)).toBe('next')
  })
})
