import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '../../../../src/main/lib/app-error.ts'
import { Secret } from '../../../../src/main/lib/secret.ts'
import {
  createGatewayHttp,
  createJsonHttp,
  verdictOf,
} from '../../../../src/main/sources/gateway-http.ts'
import type { GatewayAnswer, JsonHttpOptions } from '../../../../src/main/sources/gateway-http.ts'
import { succeeded } from '../../../../src/shared/failure.ts'
import { FakeClock, settle } from '../../../support/fake-clock.ts'
import { FakeFetch } from '../../../support/fake-fetch.ts'
import { FakeTokens } from '../../../support/fake-tokens.ts'

const mebibyte = 1024 * 1024
const never = (): Promise<never> => new Promise(() => undefined)
const retry = (reason: string, minDelayMs = 0): unknown => ({
  kind: 'failed',
  verdict: { kind: 'retry', reason, minDelayMs },
})
const stop = (reason: string, reach = 'source'): unknown => ({
  kind: 'failed',
  verdict: { kind: 'stop', reason, reach },
})
const refusal = (code: string, status = 401): Response =>
  Response.json({ error: { code, message: 'refused', ref: 'r1' } }, { status })

let clock: FakeClock
let tokens: FakeTokens
let net: FakeFetch
let wanted: AbortController

beforeEach(() => {
  clock = new FakeClock()
  tokens = new FakeTokens()
  net = new FakeFetch()
  wanted = new AbortController()
})
afterEach(() => {
  expect(clock.armed).toBe(0)
})

const ports = () => ({ fetch: net.fetch, clock, tokens, signal: wanted.signal })
const ask = (
  path = 'api/v1/jobs',
  gatewayUrl = 'https://gate.example/base',
): Promise<GatewayAnswer> => createGatewayHttp({ ...ports(), gatewayUrl })(path)
const askOther = (more: Partial<JsonHttpOptions>): Promise<GatewayAnswer> =>
  createJsonHttp({
    ...ports(),
    baseUrl: 'https://rest.example',
    headers: {},
    judge: () => ({ kind: 'stop', reason: 'key_wrong', reach: 'source' }),
    ...more,
  })('rest/v1/jobs')

describe('a request to the gateway', () => {
  it('is a GET below its path with the token, for JSON, and follows no redirect', async () => {
    expect(await ask('api/v1/jobs?limit=2')).toEqual({ kind: 'body', body: {} })
    const { url, init, headers } = net.last
    expect(url).toBe('https://gate.example/base/api/v1/jobs?limit=2')
    expect(headers).toEqual({ authorization: 'Bearer token-1', accept: 'application/json' })
    expect([init.method, init.body, init.redirect]).toEqual([undefined, undefined, 'manual'])
    expect(init.signal?.aborted).toBe(false)
  })

  it('of another server carries its headers too, none of which stands in for the token', async () => {
    await askOther({
      headers: { apikey: 'sb_x', Authorization: 'Bearer sb_x', Accept: 'text/csv' },
    })
    expect(net.last.url).toBe('https://rest.example/rest/v1/jobs')
    expect(net.last.headers).toEqual({
      apikey: 'sb_x',
      authorization: 'Bearer token-1',
      accept: 'application/json',
    })
  })

  it('S2: is not made without a token, and tells why there is none', async () => {
    tokens.failure = { code: 'rate_limited', message: '', retryAfterMs: 12_000 }
    expect(await ask()).toEqual(retry('rate_limited', 12_000))
    tokens.failure = { code: 'session_ended', message: '' }
    expect(await ask()).toEqual(stop('session_ended'))
    expect(net.asked).toEqual([])
  })

  it('F49: is not made with a token that cannot be sent', async () => {
    tokens.current = () => Promise.resolve(succeeded(new Secret('a\r\nb')))
    expect(await ask()).toEqual(stop('token_malformed'))
    expect(net.asked).toEqual([])
  })

  it('is not made when nobody wants it any more', async () => {
    wanted.abort()
    expect(await ask()).toEqual(retry('cancelled'))
    expect(net.asked).toEqual([])
  })

  it('ends at once when nobody wants it any more', async () => {
    net.answer = never
    const asking = ask()
    await settle()
    wanted.abort()
    expect(await asking).toEqual(retry('cancelled'))
    expect(net.last.init.signal?.aborted).toBe(true)
  })

  it.each([
    ['the answer', never],
    [
      'the rest of the answer',
      () => new Response(new ReadableStream(), { headers: { 'content-type': 'application/json' } }),
    ],
  ])('waits 10 s for %s and no longer', async (_, answer) => {
    net.answer = answer
    let came: GatewayAnswer | null = null
    const asking = ask().then((answered) => (came = answered))
    await settle()
    await clock.advance(9_999)
    expect([came, net.last.init.signal?.aborted]).toEqual([null, false])
    await clock.advance(1)
    expect(await asking).toEqual(retry('timed_out'))
    expect(net.last.init.signal?.aborted).toBe(true)
  })

  it.each([
    ['ECONNREFUSED', retry('unreachable')],
    ['ENOTFOUND', retry('name_not_found')],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', stop('tls_untrusted')],
  ])('that fails of %s says so', async (code, answer) => {
    net.answer = () => {
      throw new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) })
    }
    expect(await ask()).toEqual(answer)
    expect(net.asked).toHaveLength(1)
  })
})

describe('a refused token', () => {
  it('F31: is renewed once, and the request made again with the new one', async () => {
    net.answer = () => (net.asked.length === 1 ? refusal('token_expired') : Response.json([1]))
    expect(await ask()).toEqual({ kind: 'body', body: [1] })
    expect(net.asked.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-2',
    ])
    expect(tokens.renewals).toBe(1)
  })

  it('F47: stops everything when the renewed one is refused as well, for the newer reason', async () => {
    net.answer = () => refusal(net.asked.length === 1 ? 'token_expired' : 'token_signature')
    expect(await ask()).toEqual(stop('token_signature'))
    expect([net.asked.length, tokens.renewals]).toEqual([2, 1])
  })

  it('that cannot be renewed is why the request failed', async () => {
    net.answer = () => {
      tokens.failure = { code: 'session_ended', message: '' }
      return refusal('token_expired')
    }
    expect(await ask()).toEqual(stop('session_ended'))
    expect(net.asked).toHaveLength(1)
  })

  it('does not hide what the request came to with the new one', async () => {
    net.answer = () => (net.asked.length === 1 ? refusal('') : new Response('', { status: 503 }))
    expect(await ask()).toEqual(retry('server_error'))
  })
})

describe('an answer', () => {
  const typed = (body: string | null, type: string | null, status = 200): Response => {
    const response = new Response(body, { status })
    if (type === null) response.headers.delete('content-type')
    else response.headers.set('content-type', type)
    return response
  }

  it.each([
    ['application/json', '{"a":1}', { kind: 'body', body: { a: 1 } }],
    ['application/vnd.pgrst.object+json; charset=utf-8', '7', { kind: 'body', body: 7 }],
    ['application/json', '{"a":', retry('protocol_error')],
    ['application/json', '', retry('protocol_error')],
    ['application/json', '['.repeat(17) + ']'.repeat(17), retry('protocol_error')],
    ['text/html; charset=utf-8', '<html>', retry('captive_portal', 10_000)],
    ['text/plain', '{"a":1}', retry('protocol_error', 10_000)],
    [null, '{"a":1}', retry('protocol_error', 10_000)],
  ])('200 of %s that says %s', async (type, body, answer) => {
    net.answer = () => typed(body, type)
    expect(await ask()).toEqual(answer)
  })

  it.each([
    ['200 as a page', 200, 'text/html'],
    ['302', 302, 'text/html'],
    ['503', 503, 'text/plain'],
    ['404', 404, 'text/html'],
  ])('that is not read (%s) is given up whole', async (_, status, type) => {
    let cancelled = 0
    const body = new ReadableStream({ cancel: () => void (cancelled += 1) })
    net.answer = () => new Response(body, { status, headers: { 'content-type': type } })
    await ask()
    expect(cancelled).toBe(1)
  })

  it.each([
    [404, 'anything', { kind: 'missing' }],
    [410, 'job_unknown', stop('job_unknown', 'stream')],
    [403, 'forbidden', stop('forbidden', 'stream')],
    [400, 'bad_request', retry('protocol_error')],
    [408, '', retry('timed_out')],
    [407, '', retry('captive_portal', 10_000)],
    [511, '', retry('captive_portal', 10_000)],
    [302, '', retry('captive_portal', 10_000)],
    [429, '', retry('rate_limited', 10_000)],
    [500, '', retry('server_error')],
  ])('%i with the code "%s"', async (status, code, answer) => {
    net.answer = () => refusal(code, status)
    expect(await ask()).toEqual(answer)
    expect([net.asked.length, tokens.renewals]).toEqual([1, 0])
  })

  it('F14: a redirect, as the network stack of a browser shows it, is a captive portal', async () => {
    net.answer = () => Response.error()
    expect(await ask()).toEqual(retry('captive_portal', 10_000))
    let seen = 0
    await askOther({
      judge: (status) => {
        seen = status
        return 'missing'
      },
    })
    expect(seen).toBe(302)
  })

  it('names its reason only in JSON', async () => {
    net.answer = () => typed('{"error":{"code":"forbidden"}}', 'text/plain', 403)
    expect(await ask()).toEqual(stop('forbidden'))
    expect(net.asked).toHaveLength(2)
  })

  it.each([
    ['20', 20_000],
    ['Fri, 20 Nov 2026 14:00:30 GMT', 30_000],
    ['soon', 0],
    [null, 0],
  ])('503 with Retry-After %s is waited for %i ms', async (value, waitMs) => {
    const headers = value === null ? {} : { 'retry-after': value }
    net.answer = () => new Response('', { status: 503, headers })
    expect(await ask()).toEqual(retry('server_error', waitMs))
  })

  it('of another server is judged by status, words and wait', async () => {
    const judged: unknown[] = []
    net.answer = () =>
      Response.json({ message: 'no' }, { status: 418, headers: { 'retry-after': '3' } })
    const answer = await askOther({
      judge: (...seen) => {
        judged.push(seen)
        return 'missing'
      },
    })
    expect(answer).toEqual({ kind: 'missing' })
    expect(judged).toEqual([[418, '{"message":"no"}', 3_000]])
  })

  it('of another server that is no JSON is judged without words', async () => {
    const judged: unknown[] = []
    net.answer = () => typed('<html>', 'text/html', 502)
    await askOther({
      judge: (...seen) => {
        judged.push(seen)
        return 'missing'
      },
    })
    expect(judged).toEqual([[502, '', null]])
  })

  it('longer than 4 MiB is not taken', async () => {
    net.answer = () => typed(JSON.stringify('x'.repeat(4 * mebibyte - 2)), 'application/json')
    expect(await ask()).toMatchObject({ kind: 'body' })
    net.answer = () => typed(JSON.stringify('x'.repeat(4 * mebibyte - 1)), 'application/json')
    expect(await ask()).toEqual(retry('protocol_error'))
  })
})

describe('verdictOf', () => {
  it('takes our own errors by their word and others by their code', () => {
    const verdict = (reason: string) => ({ kind: 'retry', reason, minDelayMs: 0 })
    expect(verdictOf(new AppError('cancelled', 'no'))).toEqual(verdict('cancelled'))
    expect(verdictOf(Object.assign(new Error(), { code: 'ETIMEDOUT' }))).toEqual(
      verdict('timed_out'),
    )
    expect(verdictOf('what?')).toEqual(verdict('unreachable'))
  })
})
