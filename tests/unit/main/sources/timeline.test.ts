import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTimelineReader } from '../../../../src/main/sources/timeline.ts'
import type { ReadTimeline } from '../../../../src/main/sources/timeline.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { FakeFetch } from '../../../support/fake-fetch.ts'
import { FakeTokens } from '../../../support/fake-tokens.ts'

let clock: FakeClock
let net: FakeFetch
let tokens: FakeTokens
let read: ReadTimeline

beforeEach(() => {
  clock = new FakeClock()
  net = new FakeFetch()
  tokens = new FakeTokens()
  read = createTimelineReader({
    fetch: net.fetch,
    clock,
    tokens,
    signal: new AbortController().signal,
    gatewayUrl: 'https://gate.example/base',
  })
})
afterEach(() => {
  expect(clock.armed).toBe(0)
})

const line = (seq: number, attempt = 1) => ({
  seq,
  attempt,
  at: '2026-11-20T14:00:00Z',
  level: 'info' as const,
  kind: 'log' as const,
  text: `line ${seq}`,
})
const lines = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => line(from + index))
const addresses = (): string[] => net.asked.map(({ url }) => url)
const base = 'https://gate.example/base/api/v1/jobs/job-1/events?limit=200&order=desc'
/** Which lines came, as attempt and number. */
async function places(): Promise<[number, number][]> {
  const outcome = await read('job-1')
  if (!outcome.ok) throw new Error(outcome.failure.code)
  return outcome.value.map(({ attempt, seq }) => [attempt, seq])
}
const failure = (code: string) => ({ ok: false, failure: { code } })

describe('the timeline reader', () => {
  it('asks for the newest page first, and for the next by its cursor', async () => {
    net.answer = ({ searchParams }) =>
      Response.json(
        searchParams.has('cursor')
          ? { events: [line(2)] }
          : { events: [line(1)], next_cursor: 'a&b=/ü' },
      )
    expect(await places()).toEqual([
      [1, 1],
      [1, 2],
    ])
    expect(addresses()).toEqual([base, `${base}&cursor=a%26b%3D%2F%C3%BC`])
  })

  it.each(['', '..', 'a/b', 'a?b', 'a b', 'ä', 'x'.repeat(129)])(
    'F62: asks nothing for "%s", which is no job id',
    async (id) => {
      expect(await read(id)).toMatchObject(failure('job_unknown'))
      expect(net.asked).toEqual([])
    },
  )

  it('takes lines in the order of attempts, then of their numbers', async () => {
    net.answer = () => Response.json({ events: [line(1, 2), line(3), line(0, 2), line(2)] })
    expect(await places()).toEqual([
      [1, 2],
      [1, 3],
      [2, 0],
      [2, 1],
    ])
  })

  it.each([
    ['numbers', [line(5), line(4)], 1],
    ['attempts', [line(1, 2), line(7, 1)], 1],
    ['numbers that rise', [line(4), line(5)], 2],
    ['attempts that rise', [line(7, 1), line(1, 2)], 2],
    ['one line only', [line(4)], 2],
    ['no line', [], 2],
    ['no readable line', ['what?'], 2],
  ])('takes a page as newest first by its %s', async (_, events, pages) => {
    net.answer = ({ searchParams }) =>
      Response.json({ events, next_cursor: searchParams.has('cursor') ? null : 'more' })
    expect((await read('job-1')).ok).toBe(true)
    expect(net.asked).toHaveLength(pages)
  })

  it('keeps the newest 200 lines of all pages', async () => {
    net.answer = ({ searchParams }) =>
      Response.json(
        searchParams.has('cursor')
          ? { events: lines(1, 200) }
          : { events: lines(200), next_cursor: 'more' },
      )
    const kept = await places()
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([200, [1, 1], [1, 200]])
  })

  it('follows 20 pages and no more', async () => {
    net.answer = () => Response.json({ events: [line(net.asked.length)], next_cursor: 'more' })
    expect(await places()).toHaveLength(20)
    expect(net.asked).toHaveLength(20)
  })

  it.each([
    ['the list of events', { lines: [] }],
    ['a list', { events: {} }],
    ['a list of at most 10,000 lines', { events: Array.from({ length: 10_001 }, () => 0) }],
    ['a cursor of some length', { events: [], next_cursor: '' }],
    ['a cursor of at most 512 characters', { events: [], next_cursor: 'x'.repeat(513) }],
    ['a cursor in words', { events: [], next_cursor: 7 }],
    ['an object', []],
  ])('does not understand what is not %s', async (_, body) => {
    net.answer = () => Response.json(body)
    expect(await read('job-1')).toMatchObject(failure('protocol_error'))
  })

  it('understands the longest page and the longest cursor', async () => {
    const cursor = 'x'.repeat(512)
    net.answer = ({ searchParams }) =>
      Response.json(
        searchParams.has('cursor')
          ? { events: [], next_cursor: null }
          : { events: Array.from({ length: 10_000 }, () => 0), next_cursor: cursor },
      )
    expect(await places()).toEqual([])
    expect(addresses()).toEqual([base, `${base}&cursor=${cursor}`])
  })

  it.each([
    [() => new Response('', { status: 404 }), 'job_unknown'],
    [() => new Response('', { status: 503 }), 'server_error'],
    [() => new Response('', { status: 302 }), 'captive_portal'],
    [() => Response.json({ error: { code: 'forbidden' } }, { status: 403 }), 'forbidden'],
    [() => Response.json({ error: { code: 'token_expired' } }, { status: 401 }), 'token_expired'],
  ])('tells why nothing could be read: %s is %s', async (answer, code) => {
    net.answer = answer
    expect(await read('job-1')).toMatchObject(failure(code))
  })

  it('gives nothing when a later page cannot be had', async () => {
    net.answer = ({ searchParams }) =>
      searchParams.has('cursor')
        ? new Response('', { status: 500 })
        : Response.json({ events: [line(1)], next_cursor: 'more' })
    expect(await read('job-1')).toMatchObject(failure('server_error'))
  })

  it('tells why there is no token', async () => {
    tokens.failure = { code: 'keychain_locked', message: '' }
    expect(await read('job-1')).toMatchObject(failure('keychain_locked'))
  })
})
