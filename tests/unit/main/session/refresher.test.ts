import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../../../src/main/lib/secret.ts'
import { Refresher } from '../../../../src/main/session/refresher.ts'
import type { Granted } from '../../../../src/main/session/supabase-client.ts'
import { tokenAnswerSchema, tokensOfAnswer } from '../../../../src/main/session/token-set.ts'
import { failed, succeeded } from '../../../../src/shared/failure.ts'
import type { Failure, FailureCode, Outcome } from '../../../../src/shared/failure.ts'
import { makeToken } from '../../../support/fake-auth-server.ts'
import { FakeClock, settle } from '../../../support/fake-clock.ts'

const minuteMs = 60_000
const none = { ok: false, failure: { code: 'token_missing', message: 'no session is open' } }

let clock: FakeClock
let silence: AbortController
let refresher: Refresher
/** Refresh tokens the server was asked with; it answers when the test says so. */
let asked: {
  readonly with: string
  readonly answer: (outcome: Outcome<Granted>) => Promise<void>
}[]
let renewed: Granted[]
let postponed: { readonly code: FailureCode; readonly nextTryInMs: number }[]
let refused: Failure[]

/** What a server grants for an hour, unless told otherwise. */
function grant(name: string, lifetimeS = 3_600): Granted {
  const claims = { sub: name, role: 'authenticated', app_metadata: { tenant_id: 't' } }
  const answer = tokenAnswerSchema.parse({
    access_token: makeToken({ ...claims, exp: clock.now() / 1_000 + lifetimeS }),
    refresh_token: `refresh-${name}`,
    expires_in: lifetimeS,
  })
  const moment = { atMs: clock.monotonic(), clock, tenantClaim: 'app_metadata.tenant_id' }
  const tokens = tokensOfAnswer(answer, { ...moment, serverNowMs: null })
  if (!tokens.ok) throw new Error(tokens.failure.message)
  return { tokens: tokens.value, answer }
}

const fail = (code: FailureCode, retryAfterMs?: number): Outcome<Granted> =>
  failed(code, 'words', retryAfterMs === undefined ? {} : { retryAfterMs })
const answerLast = async (outcome: Outcome<Granted>): Promise<void> => asked.at(-1)?.answer(outcome)

beforeEach(() => {
  clock = new FakeClock()
  silence = new AbortController()
  asked = []
  renewed = []
  postponed = []
  refused = []
  refresher = new Refresher({
    clock,
    random: () => 0.5,
    signal: silence.signal,
    exchange: (refresh) => {
      const { promise, resolve } = Promise.withResolvers<Outcome<Granted>>()
      const answer = async (outcome: Outcome<Granted>): Promise<void> => {
        resolve(outcome)
        await settle()
      }
      asked.push({ with: refresh.reveal(), answer })
      return promise
    },
    renewed: (granted) => renewed.push(granted),
    postponed: ({ code }, nextTryInMs) => postponed.push({ code, nextTryInMs }),
    refused: (failure) => refused.push(failure),
  })
})
afterEach(() => {
  refresher.drop()
  expect(clock.armed).toBe(0)
})

describe('tokens in hand', () => {
  it('are answered without asking while they are not due', async () => {
    const { tokens } = grant('a')
    refresher.adopt(tokens)
    await clock.advance(3_510_000 - 1)
    expect(await refresher.current()).toEqual(succeeded(tokens.access))
    expect(asked).toEqual([])
  })

  it('are renewed by themselves 90 s before their end, once, and told of', async () => {
    refresher.adopt(grant('a').tokens)
    await clock.advance(3_510_000)
    expect(asked.map(({ with: token }) => token)).toEqual(['refresh-a'])
    const next = grant('b')
    await answerLast(succeeded(next))
    expect(renewed).toEqual([next])
    expect(await refresher.current()).toEqual(succeeded(next.tokens.access))
    expect(clock.delays).toEqual([3_510_000])
    expect(asked).toHaveLength(1)
  })

  it('that live for long are looked at every hour, but not renewed before they are due', async () => {
    refresher.adopt(grant('a', 3 * 3_600).tokens)
    expect(clock.delays).toEqual([3_600_000])
    await clock.advance(3 * 3_600_000 - 90_001)
    expect(asked).toEqual([])
    expect(clock.armed).toBe(1)
    await clock.advance(1)
    expect(asked).toHaveLength(1)
  })

  it('are taken over by newer ones, whose time alone counts', async () => {
    refresher.adopt(grant('a').tokens)
    await clock.advance(minuteMs)
    const { tokens } = grant('b')
    refresher.adopt(tokens)
    expect(clock.armed).toBe(1)
    expect(refresher.tokens).toBe(tokens)
    await clock.advance(3_500_000)
    expect(asked).toEqual([])
  })
})

describe('a refresh', () => {
  it('is shared by all who ask while it is under way', async () => {
    refresher.adopt(grant('a').tokens)
    const first = refresher.refresh()
    expect(refresher.refresh()).toBe(first)
    expect(clock.armed).toBe(0)
    const next = grant('b')
    await answerLast(succeeded(next))
    expect(await first).toEqual(succeeded(next.tokens.access))
    expect(asked).toHaveLength(1)
  })

  it('that fails is tried again after 1, 2, 4 and 8 s and then 15 s, at half the dice', async () => {
    refresher.adopt(grant('a').tokens)
    void refresher.refresh()
    for (const waitMs of [1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
      await answerLast(fail('server_error'))
      expect(postponed.at(-1)).toEqual({ code: 'server_error', nextTryInMs: waitMs })
      expect(clock.delays).toEqual([waitMs])
      await clock.advance(waitMs)
    }
    expect(asked).toHaveLength(7)
    await answerLast(succeeded(grant('b')))
    void refresher.refresh()
    await answerLast(fail('server_error'))
    expect(postponed.at(-1)?.nextTryInMs).toBe(1_000)
  })

  it('waits as long as the server says, also beyond the end of the token', async () => {
    refresher.adopt(grant('a').tokens)
    await clock.advance(3_599_900)
    await answerLast(fail('rate_limited', 60_000))
    expect(postponed).toEqual([{ code: 'rate_limited', nextTryInMs: 61_000 }])
  })

  it('that fails shortly before the end is tried again at the end', async () => {
    refresher.adopt(grant('a').tokens)
    await clock.advance(3_599_900)
    await answerLast(fail('offline'))
    expect(postponed).toEqual([{ code: 'offline', nextTryInMs: 100 }])
    await clock.advance(100)
    await answerLast(fail('offline'))
    expect(postponed.at(-1)).toEqual({ code: 'offline', nextTryInMs: 2_000 })
  })

  it('that is refused ends everything: nothing is in hand, nothing is waited for', async () => {
    refresher.adopt(grant('a').tokens)
    const answer = refresher.refresh()
    await answerLast(fail('session_ended'))
    expect(await answer).toEqual(fail('session_ended'))
    expect(refused).toMatchObject([{ code: 'session_ended' }])
    expect(refresher.tokens).toBeNull()
    expect(postponed).toEqual([])
    expect(clock.armed).toBe(0)
  })

  it('is not made without tokens', async () => {
    expect(await refresher.refresh()).toMatchObject(none)
    expect(await refresher.current()).toMatchObject(none)
    expect(await refresher.renew(new Secret('x'))).toMatchObject(none)
    expect(asked).toEqual([])
  })
})

describe('whoever asks for a token that is due', () => {
  it('gets the new one', async () => {
    refresher.adopt(grant('a').tokens)
    await clock.advance(3_510_000)
    const answer = refresher.current()
    const next = grant('b')
    await answerLast(succeeded(next))
    expect(await answer).toEqual(succeeded(next.tokens.access))
    expect(asked).toHaveLength(1)
  })

  it('gets the old one while it lives if there is no other, and asks nobody meanwhile', async () => {
    const { tokens } = grant('a')
    refresher.adopt(tokens)
    await clock.advance(3_510_000)
    const answer = refresher.current()
    await answerLast(fail('server_error'))
    expect(await answer).toEqual(succeeded(tokens.access))
    expect(await refresher.current()).toEqual(succeeded(tokens.access))
    expect(asked).toHaveLength(1)
  })

  it('gets the reason once it is dead', async () => {
    refresher.adopt(grant('a').tokens)
    await clock.advance(3_600_000)
    await answerLast(fail('unreachable'))
    expect(await refresher.current()).toEqual(fail('unreachable'))
  })

  it('gets nothing if the session fell silent meanwhile, or was dropped', async () => {
    refresher.adopt(grant('a').tokens)
    await clock.advance(3_510_000)
    const dropped = refresher.current()
    refresher.drop()
    await answerLast(succeeded(grant('b')))
    expect(await dropped).toMatchObject(none)
    expect(renewed).toEqual([])
    refresher.adopt(grant('c', 60).tokens)
    await clock.advance(30_000)
    const silent = refresher.current()
    silence.abort()
    await answerLast(fail('server_error'))
    expect(await silent).toMatchObject(none)
    expect(postponed).toEqual([])
  })
})

describe('a token that a server refused', () => {
  it('is renewed, if it is the one in hand', async () => {
    const { tokens } = grant('a')
    refresher.adopt(tokens)
    const answer = refresher.renew(tokens.access)
    const next = grant('b')
    await answerLast(succeeded(next))
    expect(await answer).toEqual(succeeded(next.tokens.access))
  })

  it('is not renewed if there is another one by now', async () => {
    const { tokens } = grant('a')
    refresher.adopt(tokens)
    expect(await refresher.renew(new Secret('older'))).toEqual(succeeded(tokens.access))
    expect(asked).toEqual([])
  })

  it('that the server gives again means that the session is revoked', async () => {
    const same = grant('a')
    refresher.adopt(same.tokens)
    const answer = refresher.renew(same.tokens.access)
    await answerLast(succeeded(same))
    expect(await answer).toMatchObject({
      failure: { code: 'session_revoked', message: 'the server gave the refused token again' },
    })
  })

  it('is not answered with itself while a failure is waited out', async () => {
    const { tokens } = grant('a')
    refresher.adopt(tokens)
    const answer = refresher.renew(tokens.access)
    await answerLast(fail('offline'))
    expect(await answer).toEqual(fail('offline'))
    expect(await refresher.renew(tokens.access)).toEqual(fail('offline'))
    expect(asked).toHaveLength(1)
  })
})

describe('waking', () => {
  it('asks at once what was being waited for, or what fell due meanwhile', async () => {
    refresher.adopt(grant('a').tokens)
    void refresher.refresh()
    await answerLast(fail('offline'))
    refresher.wake()
    expect(asked).toHaveLength(2)
    await answerLast(succeeded(grant('b')))
    clock.stall(3_510_000)
    refresher.wake()
    expect(asked).toHaveLength(3)
  })

  it('asks nobody when nothing is wrong, or nothing is in hand', () => {
    refresher.wake()
    refresher.adopt(grant('a').tokens)
    refresher.wake()
    expect(asked).toEqual([])
  })
})

describe('silence', () => {
  it('disarms, and takes nothing over any more', () => {
    refresher.adopt(grant('a').tokens)
    silence.abort()
    expect(clock.armed).toBe(0)
    refresher.adopt(grant('b').tokens)
    expect(clock.armed).toBe(0)
    expect(refresher.tokens?.claims.userId).toBe('a')
  })

  it('is kept by refreshing as well', async () => {
    refresher.adopt(grant('a').tokens)
    silence.abort()
    expect(await refresher.refresh()).toMatchObject(none)
    expect(await refresher.current()).toMatchObject(none)
    expect(asked).toEqual([])
  })
})
