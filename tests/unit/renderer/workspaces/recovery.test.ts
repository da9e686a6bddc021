import { describe, expect, it } from 'vitest'
import {
  lastRecovery,
  recoveryNews,
  recoveryWords,
} from '../../../../src/renderer/workspaces/recovery.ts'
import type { Gap, SourceView } from '../../../../src/shared/workspace.ts'

const now = 1_000_000
const source = (gap?: Partial<Gap>): SourceView => ({
  kind: 'stream',
  state: 'live',
  sockets: 1,
  nextTryAtMs: null,
  reason: null,
  ...(gap && { gap: { atMs: now, recovered: 12, missing: 0, ...gap } }),
})

describe('what an interruption came to', () => {
  it.each([
    [12, 0, '12 events recovered, 0 missing'],
    [1, 0, '1 event recovered, 0 missing'],
    [1_200, 0, '1,200 events recovered, 0 missing'],
    [0, 0, 'no event was missed'],
    [0, null, 'gap unknown: state read anew'],
    [3, null, '3 events recovered, gap unknown: state read anew'],
  ] as const)('%i recovered, %s missing: %s', (recovered, missing, text) => {
    expect(recoveryWords({ recovered, missing })).toBe(text)
  })
})

describe('as news', () => {
  it('lasts ten seconds', () => {
    const sources = [source({ atMs: now - 10_000 })]
    expect(recoveryNews(sources, now)).toMatchObject({ recovered: 12 })
    expect(recoveryNews(sources, now + 1)).toBeNull()
  })

  it('is nothing before the first interruption, or when the clock was set back', () => {
    expect(recoveryNews([source()], now)).toBeNull()
    expect(recoveryNews([], now)).toBeNull()
    expect(recoveryNews([source({ atMs: now + 3_600_000 })], now)).toBeNull()
  })

  it('sums what came back together', () => {
    const sources = [source({}), source({ recovered: 3, atMs: now - 4_000 })]
    expect(recoveryNews(sources, now)).toEqual({ atMs: now, recovered: 15, missing: 0 })
  })

  it('knows nothing of all when it knows nothing of one', () => {
    const sources = [source({}), source({ recovered: 0, missing: null, atMs: now - 500 })]
    expect(recoveryNews(sources, now)).toEqual({ atMs: now, recovered: 12, missing: null })
  })

  it('leaves an earlier interruption out of the sum', () => {
    const sources = [source({}), source({ recovered: 3, missing: null, atMs: now - 60_000 })]
    expect(recoveryNews(sources, now)).toEqual({ atMs: now, recovered: 12, missing: 0 })
  })
})

it('remembers the last one, however long ago', () => {
  expect(lastRecovery([source({ atMs: 5_000 }), source({})])?.atMs).toBe(now)
  expect(lastRecovery([source()])).toBeNull()
})
