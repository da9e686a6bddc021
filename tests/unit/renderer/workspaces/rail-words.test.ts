import { describe, expect, it } from 'vitest'
import { initials, placeOf, railWords } from '../../../../src/renderer/workspaces/rail-words.ts'
import type { LightShape, LightTone } from '../../../../src/renderer/ui/light.tsx'
import type { ConnectionView } from '../../../../src/shared/workspace.ts'
import { sampleWorkspace, startMs } from '../../../support/web/samples.ts'

const down = { kind: 'stream', state: 'reconnecting', reason: null, nextTryAtMs: null } as const
type Case = readonly [ConnectionView, LightTone, LightShape, string]
const lost = { asOfMs: startMs, sinceMs: startMs, nextTryAtMs: null, reason: 'offline' } as const

describe('a workspace in the rail', () => {
  it.each<Case>([
    [{ kind: 'live', heardAtMs: startMs }, 'clear', 'full', 'live'],
    [{ kind: 'live', heardAtMs: startMs - 13_000 }, 'caution', 'hollow', 'silent'],
    [{ kind: 'partial', heardAtMs: startMs, down: [down] }, 'caution', 'half', 'partly live'],
    [{ kind: 'connecting', sinceMs: startMs, asOfMs: null }, 'move', 'hollow', 'connecting'],
    [{ kind: 'reconnecting', ...lost }, 'caution', 'hollow', 'reconnecting'],
    [{ kind: 'offline', ...lost }, 'caution', 'hollow', 'offline'],
    [{ kind: 'refused', asOfMs: null, reason: 'forbidden' }, 'danger', 'barred', 'refused'],
    [{ kind: 'idle' }, 'idle', 'dashed', 'not connected'],
  ])('with %j is %s, %s, "%s"', (connection, tone, shape, word) => {
    const words = railWords(sampleWorkspace({ connection }), 0, startMs)
    expect(words).toEqual({ tone, shape, about: `Signalbox demo, demo, ${word}` })
  })

  it('counts what failed', () => {
    expect(railWords(sampleWorkspace(), 1, startMs).about).toMatch(/, live, 1 failed job$/)
    expect(railWords(sampleWorkspace(), 1_200, startMs).about).toMatch(/, 1,200 failed jobs$/)
  })

  it('says of a session that is not there yet what it waits for', () => {
    const restoring = sampleWorkspace({
      session: { kind: 'restoring' },
      connection: { kind: 'idle' },
    })
    expect(railWords(restoring, 0, startMs).about).toMatch(/, restoring the session$/)
    const locked = sampleWorkspace({ session: { kind: 'keychain-locked' } })
    expect(railWords(locked, 0, startMs)).toMatchObject({ tone: 'caution', shape: 'dashed' })
  })
})

it('takes its letters from the first two words, or from one', () => {
  expect(initials('Northwind Analytics')).toBe('NA')
  expect(initials('Staging')).toBe('ST')
})

describe('the key for a workspace', () => {
  const press = (key: string, held: Partial<Record<'ctrlKey' | 'metaKey' | 'altKey', boolean>>) =>
    placeOf({ key, ctrlKey: false, metaKey: false, altKey: false, ...held })

  it.each([
    ['1', { ctrlKey: true }, 0],
    ['9', { metaKey: true }, 8],
    ['0', { ctrlKey: true }, null],
    ['1', {}, null],
    ['1', { ctrlKey: true, altKey: true }, null],
    ['k', { ctrlKey: true }, null],
  ] as const)('%s with %j means %s', (key, held, place) => {
    expect(press(key, held)).toBe(place)
  })
})
