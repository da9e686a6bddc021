import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLog } from '../../../../../src/main/lib/log.ts'
import { Scope } from '../../../../../src/main/lib/scope.ts'
import { Secret } from '../../../../../src/main/lib/secret.ts'
import type { HttpFetch } from '../../../../../src/main/ports.ts'
import { SessionBridge } from '../../../../../src/main/sources/socketio/session-bridge.ts'
import { FakeClock, settle } from '../../../../support/fake-clock.ts'

type Answer = 'grant' | 'hang' | 'reset' | number

interface Asked {
  readonly call: string
  readonly token: string | null
  readonly cookie: string | null
}

let scope: Scope
let clock: FakeClock
let bridge: SessionBridge
let asked: Asked[]
/** Given one after the other; then everything is granted. */
let answers: Answer[]
let lifeMs: number
/** How far the server's clock is ahead of ours. */
let aheadMs: number
let pending: number
const logged: string[] = []
const token = new Secret('token-1')

const fetch: HttpFetch = async (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input)
  const headers = new Headers(init?.headers)
  asked.push({
    call: `${init?.method ?? 'GET'} ${url.pathname.replace('/gw/api/auth/session', '')}`,
    token: headers.get('authorization')?.replace('Bearer ', '') ?? null,
    cookie: headers.get('cookie'),
  })
  const answer = answers.shift() ?? 'grant'
  if (answer === 'hang') {
    pending += 1
    const { promise, reject } = Promise.withResolvers<never>()
    init?.signal?.addEventListener('abort', () => {
      pending -= 1
      reject(new Error('aborted'))
    })
    return promise
  }
  if (answer === 'reset') {
    throw new TypeError('fetch failed', {
      cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }),
    })
  }
  if (typeof answer === 'number') return new Response(null, { status: answer })
  return granted(asked.length)
}

function granted(number: number): Response {
  const serverMs = clock.now() + aheadMs
  const headers = new Headers({
    'content-type': 'application/json',
    date: new Date(serverMs).toUTCString(),
  })
  headers.append('set-cookie', `sb_session=session-${number}; Path=/`)
  headers.append('set-cookie', `sb_refresh=refresh-${number}; Path=/gw/api/auth/session`)
  const expires_at = new Date(serverMs + lifeMs).toISOString()
  return Response.json({ success: true, session_id: 's', expires_at }, { headers })
}

const calls = (): string[] => asked.map(({ call }) => call)

beforeEach(() => {
  scope = new Scope('test')
  clock = new FakeClock()
  asked = []
  answers = []
  lifeMs = 3_600_000
  aheadMs = 0
  pending = 0
  bridge = new SessionBridge({
    scope,
    clock,
    fetch,
    gatewayUrl: 'http://127.0.0.1:1/gw',
    log: createLog('test', clock, (line) => logged.push(line)),
  })
})

afterEach(async () => {
  answers = []
  await scope.close('test over')
  expect(clock.armed).toBe(0)
  expect(scope.size).toBe(0)
  expect(logged.join('')).not.toMatch(/token-|session-\d|refresh-\d/)
})

describe('a bridged session', () => {
  it('is asked for once, however many wait for it', async () => {
    const all = await Promise.all([bridge.open(token), bridge.open(token), bridge.open(token)])
    expect(all).toEqual([null, null, null])
    expect(calls()).toEqual(['POST /bridge'])
    expect(asked[0]).toMatchObject({ token: 'token-1', cookie: null })
  })

  it.each([
    ['a minute before its end', 3_600_000, 3_540_000],
    ['after four fifths of a short life', 60_000, 48_000],
  ])('is renewed %s', async (_when, life, dueMs) => {
    lifeMs = life
    await bridge.open(token)
    await clock.advance(dueMs - 1)
    expect(asked).toHaveLength(1)
    await clock.advance(1)
    expect(calls()).toEqual(['POST /bridge', 'POST /refresh'])
    expect(asked[1]).toMatchObject({
      token: null,
      cookie: expect.stringContaining('sb_refresh=refresh-1') as unknown,
    })
  })

  it('F37: lives by the clock of the server, whatever ours says', async () => {
    aheadMs = 7 * 3_600_000
    await bridge.open(token)
    expect(clock.delays).toEqual([3_540_000])
  })

  it('that ran out during a sleep is bridged anew, without what it left', async () => {
    await bridge.open(token)
    clock.stall(4_000_000)
    await bridge.open(token)
    expect(calls()).toEqual(['POST /bridge', 'POST /bridge'])
    expect(asked[1]?.cookie).toBeNull()
  })

  it('lasts until it is refused where its end is not told', async () => {
    const plain = new SessionBridge({
      scope,
      clock,
      fetch: () => Promise.resolve(Response.json({ success: true, expires_at: 1_700_000_000 })),
      gatewayUrl: 'http://127.0.0.1:1/gw',
      log: createLog('test', clock, () => undefined),
    })
    expect(await plain.open(token)).toBeNull()
    expect(clock.armed).toBe(0)
  })

  it('is bridged anew when the server does not know it any more', async () => {
    await bridge.open(token)
    bridge.lapse()
    await bridge.open(token)
    expect(calls()).toEqual(['POST /bridge', 'POST /bridge'])
  })
})

describe('renewing', () => {
  it('tells a newer token along, and keeps the newest cookies only', async () => {
    await bridge.open(token)
    await bridge.refresh(new Secret('token-2'))
    expect(asked[1]?.token).toBe('token-2')
    expect(bridge.cookies.headers('ws://127.0.0.1:1/socket.io/').Cookie?.reveal()).toBe(
      'sb_session=session-2',
    )
  })

  it.each<[string, Answer]>([
    ['was lost', 'reset'],
    ['did not come', 'hang'],
  ])('whose answer %s is asked for again at once, with the same cookie', async (_what, answer) => {
    await bridge.open(token)
    answers = [answer]
    const done = bridge.refresh(null)
    await settle()
    await clock.advance(answer === 'hang' ? 4_000 : 0)
    await done
    expect(calls()).toEqual(['POST /bridge', 'POST /refresh', 'POST /refresh'])
    expect(asked[2]?.cookie).toBe(asked[1]?.cookie)
    await bridge.open(token)
    expect(asked).toHaveLength(3)
  })

  it('never shows a token a third time, by when it may count as stolen', async () => {
    await bridge.open(token)
    answers = ['hang', 'hang']
    const startedAt = clock.monotonic()
    const done = bridge.refresh(null)
    await settle()
    await clock.advance(4_000)
    await clock.advance(4_000)
    await done
    expect(clock.monotonic() - startedAt).toBeLessThan(10_000)
    await bridge.refresh(null)
    expect(asked).toHaveLength(3)
    await bridge.open(token)
    expect(asked[3]).toEqual({ call: 'POST /bridge', token: 'token-1', cookie: null })
  })

  it('that is refused leaves it to the next who needs a session', async () => {
    await bridge.open(token)
    answers = [401]
    await bridge.refresh(null)
    expect(asked).toHaveLength(2)
    expect(clock.armed).toBe(0)
    await bridge.open(token)
    expect(calls()).toEqual(['POST /bridge', 'POST /refresh', 'POST /bridge'])
  })

  it('at a server that renews none changes nothing', async () => {
    await bridge.open(token)
    answers = [404]
    await bridge.refresh(null)
    await bridge.open(token)
    expect(calls()).toEqual(['POST /bridge', 'POST /refresh'])
  })

  it('is not tried where there is no session', async () => {
    await bridge.refresh(token)
    expect(asked).toEqual([])
  })
})

describe('the end', () => {
  it('is told to the server, with both cookies', async () => {
    await bridge.open(token)
    await scope.close('signed out')
    expect(asked[1]).toMatchObject({ call: 'DELETE ', token: null })
    expect(asked[1]?.cookie).toContain('refresh-1')
    expect(bridge.cookies.headers('http://127.0.0.1:1/gw')).toEqual({})
  })

  it('waits for no answer longer than half a second', async () => {
    await bridge.open(token)
    answers = ['hang']
    const closed = scope.close('signed out')
    await clock.advance(499)
    expect(pending).toBe(1)
    await clock.advance(1)
    await closed
    expect(pending).toBe(0)
  })

  it('says nothing where nothing was bridged', async () => {
    await scope.close('signed out')
    expect(asked).toEqual([])
  })

  it('gives up a bridge that is being asked for', async () => {
    answers = ['hang']
    const opened = bridge.open(token)
    await settle()
    await scope.close('signed out')
    expect(await opened).toMatchObject({ kind: 'failed', failure: { code: 'cancelled' } })
    expect(pending).toBe(0)
    expect(calls()).toEqual(['POST /bridge'])
  })
})
