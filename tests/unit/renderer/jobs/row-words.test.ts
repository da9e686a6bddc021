import { describe, expect, it } from 'vitest'
import {
  causeOf,
  progressLabel,
  progressWords,
  rowWords,
} from '../../../../src/renderer/jobs/row-words.ts'
import { formatClock } from '../../../../src/renderer/ui/format.ts'
import { sampleRow, startMs } from '../../../support/web/samples.ts'

const now = startMs + 300
const iso = (offsetMs: number): string => new Date(startMs + offsetMs).toISOString()

it('says of a running job what is known', () => {
  expect(rowWords(sampleRow(), now)).toEqual({
    look: 'running',
    step: '3 of 5 Transform',
    rows: { kind: 'value', text: '15,720' },
    rate: { kind: 'value', text: '412/s' },
    left: { kind: 'value', text: '~1 min' },
    heard: '0.3 s',
  })
})

it('shows no rate and no time left of a remembered job, and says why', () => {
  const words = rowWords(sampleRow({ remembered: true }), now + 360_000)
  expect(words.rate).toEqual({ kind: 'unknown', why: 'Not known while the connection is down' })
  expect(words.left).toEqual(words.rate)
  expect(words).toMatchObject({ look: 'running', heard: '6 min' })
})

it('says that there is not enough data instead of guessing', () => {
  const words = rowWords(sampleRow({ ratePerSecond: null, left: null }), now)
  expect(words.rate).toEqual({ kind: 'unknown', why: 'Not enough data yet' })
  expect(words.left).toEqual(words.rate)
})

it('calls a running job stalled after 30 s of silence on a live connection', () => {
  expect(rowWords(sampleRow(), startMs + 30_000).look).toBe('running')
  const stalled = rowWords(sampleRow(), startMs + 30_001)
  expect(stalled.look).toBe('stalled')
  expect(stalled.left).toEqual({ kind: 'attention', text: 'stalled' })
})

describe('the step of a job', () => {
  it.each([
    [{ status: 'queued', step: null, startedAt: null }, 'queued'],
    [{ status: 'succeeded', finishedAt: iso(131_400) }, 'finished in 2 min 11 s'],
    [{ status: 'succeeded', finishedAt: iso(800) }, 'finished in 0.8 s'],
    [{ status: 'succeeded', finishedAt: null }, 'finished'],
    [{ status: 'cancelled', finishedAt: iso(60_000) }, 'cancelled after 1 min'],
    [{ status: 'failed' }, '3 of 5 Transform'],
    [{ status: 'failed', step: null }, 'failed'],
    [{ status: 'running', step: null }, 'running'],
  ] as const)('of %j is %j', (changed, text) => {
    expect(rowWords(sampleRow(changed), now).step).toBe(text)
  })
})

it('asks nothing of a finished job that it cannot have', () => {
  const words = rowWords(sampleRow({ status: 'succeeded', progress: 100 }), now)
  expect(words.rate).toEqual({ kind: 'empty' })
  expect(words.left).toEqual({ kind: 'empty' })
})

it('puts progress into words for a screen reader', () => {
  expect(progressWords(sampleRow())).toBe('step 3 of 5, Transform')
})

it('tells two runs of one name apart for a screen reader', () => {
  const clock = formatClock(startMs)
  expect(progressLabel(sampleRow(), now)).toBe(`Progress of jira-issues, started ${clock}`)
  expect(progressLabel(sampleRow({ attempt: 2 }), now)).toBe(
    `Progress of jira-issues, attempt 2, started ${clock}`,
  )
  expect(progressLabel(sampleRow({ startedAt: null, createdAt: iso(-1_000) }), now)).toBe(
    `Progress of jira-issues, created ${formatClock(startMs - 1_000)}`,
  )
})

it('always has a cause for a failed job', () => {
  const error = { code: 'x', message: 'duplicate key' }
  expect(causeOf(sampleRow({ error }))).toBe('duplicate key')
  expect(causeOf(sampleRow({ message: 'gave up' }))).toBe('gave up')
  expect(causeOf(sampleRow())).toBe('failed without a reason')
})
