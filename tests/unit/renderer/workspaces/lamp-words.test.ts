import { describe, expect, it } from 'vitest'
import { lampWords } from '../../../../src/renderer/workspaces/lamp-words.ts'
import { formatClock, formatMoment } from '../../../../src/renderer/ui/format.ts'
import type { ConnectionView } from '../../../../src/shared/workspace.ts'

const now = Date.UTC(2026, 10, 20, 14, 9, 12)
const asOf = now - 6 * 60_000
const clock = formatClock(asOf)

/** The whole sentence, as it is read. */
const read = (connection: ConnectionView): string => {
  const { strong, rest } = lampWords(connection, now)
  return rest === '' ? strong : `${strong}, ${rest}`
}

it('claims to be live only while something was heard within 12 s', () => {
  expect(read({ kind: 'live', heardAtMs: now - 200 })).toBe('Live, heard 0.2 s ago')
  expect(read({ kind: 'live', heardAtMs: now - 12_000 })).toBe('Live, heard 12 s ago')
  expect(read({ kind: 'live', heardAtMs: now - 12_001 })).toMatch(/^As of .*, nothing heard since$/)
})

it('is full only when something was heard', () => {
  const shape = (connection: ConnectionView) => lampWords(connection, now).shape
  expect(shape({ kind: 'live', heardAtMs: now })).toBe('full')
  expect(shape({ kind: 'live', heardAtMs: now - 13_000 })).toBe('hollow')
  expect(shape({ kind: 'connecting', sinceMs: now, asOfMs: null })).toBe('hollow')
  expect(shape({ kind: 'refused', asOfMs: null, reason: 'forbidden' })).toBe('barred')
})

it('does not claim that the future was heard when the clock jumps back', () => {
  expect(read({ kind: 'live', heardAtMs: now + 60_000 })).toBe('Live, heard 0.0 s ago')
})

it('says how long connecting takes once it takes long', () => {
  const connecting = { kind: 'connecting', asOfMs: null } as const
  expect(read({ ...connecting, sinceMs: now - 400 })).toBe('Connecting')
  expect(read({ ...connecting, sinceMs: now - 7_000 })).toBe('Connecting, for 7 s')
})

it('counts down to the next try', () => {
  const reconnecting = {
    kind: 'reconnecting',
    asOfMs: null,
    sinceMs: now - 2_000,
    nextTryAtMs: now + 2_500,
    reason: 'unreachable',
  } as const
  expect(read(reconnecting)).toBe('Reconnecting in 3 s')
  expect(read({ ...reconnecting, asOfMs: asOf })).toBe(`Reconnecting in 3 s, as of ${clock}`)
  expect(read({ ...reconnecting, nextTryAtMs: null })).toBe('Reconnecting now')
  expect(lampWords(reconnecting, now)).toMatchObject({ canTry: true, tone: 'caution' })
})

it('says since when it is offline and when it tries again', () => {
  const offline = {
    kind: 'offline',
    asOfMs: asOf,
    sinceMs: asOf,
    nextTryAtMs: now + 8_000,
    reason: 'offline',
  } as const
  expect(read(offline)).toBe(`As of ${clock}, offline for 6 min, next try in 8 s`)
  expect(read({ ...offline, nextTryAtMs: null })).toBe(
    `As of ${clock}, offline for 6 min, trying now`,
  )
  expect(read({ ...offline, asOfMs: null })).toBe('Offline, for 6 min, next try in 8 s')
})

it('says of when the rows are while it connects after a start, with the day when it was another', () => {
  const connecting = { kind: 'connecting', sinceMs: now } as const
  expect(read({ ...connecting, asOfMs: asOf })).toBe(`Connecting, as of ${clock}`)
  const dayBefore = asOf - 86_400_000
  expect(read({ ...connecting, asOfMs: dayBefore })).toBe(
    `Connecting, as of ${formatMoment(dayBefore, now)}`,
  )
  expect(formatMoment(dayBefore, now)).toContain('Nov')
})

it('says of a past day which one', () => {
  const offline = { kind: 'offline', sinceMs: asOf, nextTryAtMs: null, reason: 'offline' } as const
  const yesterday = asOf - 86_400_000
  expect(read({ ...offline, asOfMs: yesterday })).toBe(
    `As of 19 Nov ${formatClock(yesterday).slice(0, 5)}, offline for 6 min, trying now`,
  )
})

describe('while a source is down and others are up', () => {
  const stream = {
    kind: 'stream',
    state: 'reconnecting',
    reason: 'unreachable',
    nextTryAtMs: now + 3_000,
  } as const
  const partial = { kind: 'partial', heardAtMs: now - 200, down: [stream] } as const

  it('is half full, says which one, and why', () => {
    expect(read({ ...partial, down: [stream] })).toBe('Live, tenant stream reconnecting in 3 s')
    expect(lampWords({ ...partial, down: [stream] }, now)).toMatchObject({
      tone: 'caution',
      shape: 'half',
      word: 'partly live',
      canTry: true,
      reason: 'Tenant stream: The server cannot be reached.',
    })
  })

  it('does not say live when the others are silent', () => {
    const silent = { ...partial, down: [stream], heardAtMs: asOf }
    expect(read(silent)).toBe(`As of ${clock}, nothing heard since`)
    expect(lampWords(silent, now)).toMatchObject({ shape: 'hollow', canTry: true })
  })
})

it('names the reason of a refusal', () => {
  const refused = { kind: 'refused', asOfMs: null, reason: 'token_expired' } as const
  expect(read(refused)).toBe('Refused: token expired')
  expect(lampWords(refused, now)).toMatchObject({ tone: 'danger', canTry: false })
})
