import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../../../../src/main/lib/secret.ts'
import type { Unbridged } from '../../../../../src/main/sources/socketio/session-bridge.ts'
import { BridgeBench, json, status } from '../../../../support/bridge-bench.ts'
import type { BridgeAnswer } from '../../../../support/bridge-bench.ts'
import { settle } from '../../../../support/fake-clock.ts'

let bench: BridgeBench

const token = new Secret('token-1')

beforeEach(() => {
  bench = new BridgeBench()
})

afterEach(async () => {
  await bench.close()
  expect(bench.clock.armed).toBe(0)
})

describe('what is asked for', () => {
  it('is JSON, below the path of the gateway, and nowhere else', async () => {
    bench.answers = [json({}, { headers: { 'set-cookie': 's=1; Path=/' } })]
    await bench.bridge.open(token)
    await bench.bridge.refresh(null)
    await bench.scope.close('signed out')
    const common = { redirect: 'manual' }
    const accept = 'application/json'
    expect(bench.asked).toEqual([
      {
        ...common,
        method: 'POST',
        url: 'https://gw.test/base/api/auth/session/bridge',
        headers: { accept, authorization: 'Bearer token-1' },
      },
      {
        ...common,
        method: 'POST',
        url: 'https://gw.test/base/api/auth/session/refresh',
        headers: { accept, cookie: 's=1' },
      },
      {
        ...common,
        method: 'DELETE',
        url: 'https://gw.test/base/api/auth/session',
        headers: { accept, cookie: 's=1' },
      },
    ])
  })

  it('is not told goodbye where no cookie would say to whom', async () => {
    await bench.bridge.open(token)
    await bench.scope.close('signed out')
    expect(bench.asked).toHaveLength(1)
  })

  it('is not told goodbye once it is known to be gone', async () => {
    bench.answers = [json({}, { headers: { 'set-cookie': 's=1; Path=/' } })]
    await bench.bridge.open(token)
    bench.bridge.lapse()
    await bench.scope.close('signed out')
    expect(bench.asked).toHaveLength(1)
    expect(bench.bridge.cookies.headers('https://gw.test/').Cookie?.reveal()).toBe('s=1')
  })

  it('brings no cookie with a refusal', async () => {
    bench.answers = [status(503, { 'set-cookie': 's=1; Path=/' })]
    await bench.bridge.open(token)
    expect(bench.bridge.cookies.headers('https://gw.test/')).toEqual({})
  })
})

describe('no session', () => {
  const refusal = { error: { code: 'token_expired' } }
  const page = { 'content-type': 'text/html' }

  it.each<[string, BridgeAnswer, Unbridged['kind'], string, number?]>([
    ['500', status(500), 'failed', 'bridge_failed server_error'],
    [
      '503 with a pause',
      status(503, { 'retry-after': '7' }),
      'failed',
      'bridge_failed server_error',
      7_000,
    ],
    ['408', status(408), 'failed', 'bridge_failed timed_out'],
    ['400', status(400), 'failed', 'bridge_failed protocol_error'],
    ['429', status(429), 'failed', 'rate_limited rate_limited', 10_000],
    [
      '429 with a pause',
      status(429, { 'retry-after': '30' }),
      'failed',
      'rate_limited rate_limited',
      30_000,
    ],
    ['401 with a word', json(refusal, { status: 401 }), 'refused', 'token_expired token_expired'],
    [
      '401 with a page',
      () => new Response(JSON.stringify(refusal), { status: 401, headers: page }),
      'refused',
      'bridge_refused forbidden',
    ],
    [
      '403',
      json({ error: { code: 'forbidden' } }, { status: 403 }),
      'failed',
      'bridge_refused forbidden',
    ],
    ['404', status(404), 'failed', 'bridge_refused job_unknown'],
    ['a redirect', status(302), 'failed', 'captive_portal captive_portal', 10_000],
    [
      'a redirect as Chromium shows it',
      () => Response.error(),
      'failed',
      'captive_portal captive_portal',
      10_000,
    ],
    [
      'the page of a network',
      () => new Response('<p>', { headers: page }),
      'failed',
      'captive_portal captive_portal',
      10_000,
    ],
    ['text', () => new Response('fine'), 'failed', 'bridge_failed protocol_error', 10_000],
    ['nothing', status(204), 'failed', 'bridge_failed protocol_error', 10_000],
    ['no success', json({ success: false }), 'failed', 'bridge_failed protocol_error'],
    ['no object', json('7'), 'failed', 'bridge_failed protocol_error'],
    ['no JSON', json('{'), 'failed', 'bridge_failed protocol_error'],
    [
      'more than 4 MiB',
      json('x'.repeat(4 * 1024 * 1024 + 1)),
      'failed',
      'bridge_failed protocol_error',
    ],
  ])('is had from %s', async (_what, answer, kind, words, retryAfterMs) => {
    bench.answers = [answer]
    const [code, reason] = words.split(' ')
    expect(await bench.bridge.open(token)).toEqual({
      kind,
      failure: {
        code,
        message: `no session was bridged: ${reason}`,
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      },
    })
    expect(bench.clock.armed).toBe(0)
  })

  it.each<[string, BridgeAnswer, number | null]>([
    ['503', status(503), 503],
    ['200', json({ success: false }), 200],
    ['null', () => Promise.reject(new TypeError('fetch failed')), null],
  ])('is written down with its status and reason: %s', async (_what, answer, seen) => {
    bench.answers = [answer]
    const unbridged = await bench.bridge.open(token)
    expect(bench.logged).toHaveLength(1)
    expect(JSON.parse(bench.logged[0] ?? '')).toMatchObject({
      level: 'warn',
      status: seen,
      reason: unbridged?.failure.code,
    })
  })

  it('is asked for by the next who needs one', async () => {
    bench.answers = [status(500), json({ success: true })]
    await bench.bridge.open(token)
    expect(await bench.bridge.open(token)).toBeNull()
    expect(bench.logged).toHaveLength(1)
  })

  it('is had from a bridge that says nothing for ten seconds', async () => {
    bench.answers = [() => new Promise<never>(() => undefined)]
    const opened = bench.bridge.open(token)
    await settle()
    expect(bench.clock.delays).toEqual([10_000])
    await bench.clock.advance(10_000)
    expect(await opened).toMatchObject({ kind: 'failed', failure: { code: 'bridge_failed' } })
  })

  it.each([500, 200])('leaves no body of an answer unread: %s', async (code) => {
    let isCancelled = false
    const body = new ReadableStream({ cancel: () => void (isCancelled = true) })
    bench.answers = [() => new Response(body, { status: code })]
    await bench.bridge.open(token)
    expect(isCancelled).toBe(true)
  })
})
