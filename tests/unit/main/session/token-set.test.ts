import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  dueInMs,
  livesForMs,
  tokenAnswerSchema,
  tokensOfAnswer,
  tokensOfEntry,
} from '../../../../src/main/session/token-set.ts'
import type { TokenSet } from '../../../../src/main/session/token-set.ts'
import type { Outcome } from '../../../../src/shared/failure.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { makeToken } from '../../../support/fake-auth-server.ts'

const hourMs = 3_600_000
const tenantClaim = 'app_metadata.tenant_id'

/** What a server gave at `atMs` of its own clock, for `lifetimeS`. */
function given(atMs: number, lifetimeS: number, more: object = {}) {
  const nowS = Math.floor(atMs / 1_000)
  const access = makeToken({
    sub: 'u',
    role: 'authenticated',
    iat: nowS,
    exp: nowS + lifetimeS,
    app_metadata: { tenant_id: 't' },
  })
  return tokenAnswerSchema.parse({
    access_token: access,
    refresh_token: 'k3v9q2m7x1zt',
    expires_in: lifetimeS,
    expires_at: nowS + lifetimeS,
    ...more,
  })
}
const value = (outcome: Outcome<TokenSet>): TokenSet => {
  if (!outcome.ok) throw new Error(outcome.failure.code)
  return outcome.value
}
const fresh = (clock: FakeClock, answer: ReturnType<typeof given>): TokenSet =>
  value(tokensOfAnswer(answer, { atMs: clock.monotonic(), clock, tenantClaim, serverNowMs: null }))
const kept = (clock: FakeClock, answer: ReturnType<typeof given>): TokenSet =>
  value(tokensOfEntry(answer, { atMs: clock.monotonic(), clock, tenantClaim }))

describe('tokens fresh from the server', () => {
  it('are due 90 s before their end', async () => {
    const clock = new FakeClock()
    const tokens = fresh(clock, given(clock.now(), 3_600))
    expect(dueInMs(tokens, clock)).toBe(hourMs - 90_000)
    await clock.advance(hourMs - 90_000)
    expect(dueInMs(tokens, clock)).toBe(0)
    expect(livesForMs(tokens, clock)).toBe(90_000)
  })

  it('are due half-way when they live for less than three minutes', () => {
    const clock = new FakeClock()
    expect(dueInMs(fresh(clock, given(clock.now(), 20)), clock)).toBe(10_000)
  })

  it('live as long as the server said, whatever the wall clock thinks (F37, F38)', () => {
    const clock = new FakeClock()
    for (const skewMs of [-hourMs, 0, hourMs]) {
      const tokens = fresh(clock, given(clock.now() + skewMs, 3_600))
      expect(livesForMs(tokens, clock)).toBe(hourMs)
      expect(dueInMs(tokens, clock)).toBe(hourMs - 90_000)
    }
  })

  it('do not die of a wall clock that jumps ahead, but are looked after sooner (F37)', () => {
    const clock = new FakeClock()
    const tokens = fresh(clock, given(clock.now(), 3_600))
    clock.jump(hourMs)
    expect(livesForMs(tokens, clock)).toBe(hourMs)
    expect(dueInMs(tokens, clock)).toBe(0)
  })

  it('do not live longer for a wall clock that jumps back (F38)', async () => {
    const clock = new FakeClock()
    const tokens = fresh(clock, given(clock.now(), 3_600))
    clock.jump(-hourMs)
    await clock.advance(hourMs)
    expect(livesForMs(tokens, clock)).toBe(0)
    expect(dueInMs(tokens, clock)).toBe(0)
  })

  it('take their life from the claims where the answer does not say', () => {
    const clock = new FakeClock()
    const answer = given(clock.now() - hourMs, 600, { expires_in: undefined })
    expect(livesForMs(fresh(clock, answer), clock)).toBe(600_000)
  })

  it('live two seconds at least, so that nobody asks in a tight loop', () => {
    const clock = new FakeClock()
    const answer = given(clock.now(), 1)
    expect(livesForMs(fresh(clock, answer), clock)).toBe(2_000)
  })
})

describe('tokens from the keychain', () => {
  it('live for what is left', () => {
    const clock = new FakeClock()
    expect(livesForMs(kept(clock, given(clock.now() - 600_000, 3_600)), clock)).toBe(
      hourMs - 600_000,
    )
  })

  it('are dead when their time is over', () => {
    const clock = new FakeClock()
    expect(livesForMs(kept(clock, given(clock.now() - 2 * hourMs, 3_600)), clock)).toBe(0)
  })

  it('are dead when the wall clock would give them more than a whole life (F38)', () => {
    const clock = new FakeClock()
    const answer = given(clock.now(), 3_600)
    clock.jump(-hourMs)
    expect(livesForMs(kept(clock, answer), clock)).toBe(0)
  })
})

describe('any tokens', () => {
  it('never live longer than a whole life and are never due later than they die', () => {
    const ms = fc.integer({ min: -10 * hourMs, max: 10 * hourMs })
    fc.assert(
      fc.property(ms, ms, fc.integer({ min: 1, max: 86_400 }), (issued, jump, lifetimeS) => {
        const clock = new FakeClock()
        const answer = given(clock.now() + issued, lifetimeS)
        clock.jump(jump)
        for (const tokens of [fresh(clock, answer), kept(clock, answer)]) {
          expect(livesForMs(tokens, clock)).toBeLessThanOrEqual(Math.max(2_000, lifetimeS * 1_000))
          expect(dueInMs(tokens, clock)).toBeLessThanOrEqual(livesForMs(tokens, clock))
        }
      }),
    )
  })

  it.each(['with\r\nbreak', 'with space', 'x'.repeat(16_385), ''])(
    'are refused when a refresh token could not be sent (F49): %#',
    (refresh_token) => {
      const answer = { ...given(0, 60), refresh_token }
      expect(tokenAnswerSchema.safeParse(answer).success).toBe(false)
    },
  )
})
