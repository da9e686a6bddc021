import { describe, expect, it } from 'vitest'
import {
  firstInboxState,
  nextInboxState,
  resubscribeDelayMs,
} from '../../../../src/backend/translation/inbox-state.ts'
import { explainSubscribe } from '../../../../src/backend/translation/subscribe-faults.ts'

const lost = { kind: 'lost', why: 'Realtime closed the channel' } as const

describe('the inbox', () => {
  it('polls until Realtime is really up, and again when it is lost', () => {
    const up = nextInboxState(firstInboxState, { kind: 'subscribed' })
    expect(up).toEqual({ kind: 'realtime' })
    expect(nextInboxState(up, lost)).toEqual({ kind: 'polling', why: lost.why, failures: 1 })
  })

  it('counts failures until Realtime is back', () => {
    const twice = nextInboxState(nextInboxState(firstInboxState, lost), lost)
    expect(twice).toMatchObject({ kind: 'polling', failures: 2 })
    const again = nextInboxState(nextInboxState(twice, { kind: 'subscribed' }), lost)
    expect(again).toMatchObject({ failures: 1 })
  })

  it.each([
    [1, 1_000],
    [2, 2_000],
    [3, 5_000],
    [4, 10_000],
    [5, 30_000],
    [99, 30_000],
  ])('waits longer after each failure, up to half a minute: %i', (failures, baseMs) => {
    expect(resubscribeDelayMs(failures, () => 0)).toBe(baseMs)
    expect(resubscribeDelayMs(failures, () => 0.999)).toBeLessThanOrEqual(baseMs * 1.25)
  })
})

describe('why a subscription failed', () => {
  it.each([
    ['CHANNEL_ERROR', 'MalformedJWT: The token provided is not a valid JWT', /malformed/],
    [
      'CHANNEL_ERROR',
      'invalid JWT: token is malformed: token contains an invalid number of segments',
      /malformed/,
    ],
    ['CHANNEL_ERROR', 'JwtSignatureError: Failed to validate JWT signature', /another project/],
    ['CHANNEL_ERROR', 'InvalidJWTToken: Token has expired 5 seconds ago', /expired/],
    ['TIMED_OUT', '', /timed out/],
    [
      'system',
      'Unable to subscribe to changes with given parameters. Please check Realtime is enabled for the given connect parameters: [event: INSERT, schema: public, table: translation_jobs, filters: [], select: nil]',
      /publication supabase_realtime/,
    ],
    [
      'CHANNEL_ERROR',
      'Unauthorized: You do not have permissions to read from this Channel topic: x',
      /permission denied/,
    ],
    ['CHANNEL_ERROR', "tried to join multiple times. 'join' can only be called", /open already/],
    ['CHANNEL_ERROR', 'ChannelRateLimitReached: Too many channels', /limit/],
    ['CLOSED', '', /closed the channel/],
    ['CHANNEL_ERROR', 'socket closed: 1006', /cannot be reached/],
  ])('%s %s', (status, text, words) => {
    expect(explainSubscribe({ status, text })).toMatch(words)
  })
})
