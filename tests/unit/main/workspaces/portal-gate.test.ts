import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Scope } from '../../../../src/main/lib/scope.ts'
import { Secret } from '../../../../src/main/lib/secret.ts'
import type { Socket, SocketEnding } from '../../../../src/main/ports.ts'
import { PortalGate } from '../../../../src/main/workspaces/portal-gate.ts'
import { FakeClock, settle } from '../../../support/fake-clock.ts'
import { FakeSockets } from '../../../support/fake-socket.ts'

const gatewayUrl = 'http://jobs.example.com/base'
const supabaseUrl = 'http://auth.example.com'
const health = `${gatewayUrl}/health`

const page = (): Response =>
  new Response('<html>', { headers: { 'content-type': 'text/html; charset=utf-8' } })
const json = (status = 200): Response =>
  new Response('{}', { status, headers: { 'content-type': 'application/json' } })

interface Asked {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

let scope: Scope
let clock: FakeClock
let sockets: FakeSockets
let asked: Asked[]
/** What stands at each address; JSON where nothing is said. */
let answers: Map<string, () => Response | Promise<Response>>
let cleared: number
let gate: PortalGate

beforeEach(() => {
  scope = new Scope('test')
  clock = new FakeClock()
  sockets = new FakeSockets()
  asked = []
  answers = new Map()
  cleared = 0
  gate = new PortalGate({
    scope,
    ports: {
      clock,
      sockets: sockets.open,
      fetch: async (input, init) => {
        const url = input instanceof Request ? input.url : input.toString()
        asked.push({ url, headers: Object.fromEntries(new Headers(init?.headers)) })
        return (answers.get(url) ?? json)()
      },
    },
    profile: { gatewayUrl, supabaseUrl, publishableKey: 'sb_publishable_x' },
    onCleared: () => (cleared += 1),
  })
})

afterEach(async () => {
  await scope.close('test over')
  expect([clock.armed, scope.size]).toEqual([0, 0])
})

const ask = async (url = `${gatewayUrl}/api/v1/jobs`): Promise<number> =>
  (await gate.fetch(url, { headers: { authorization: 'Bearer canary' } })).status

function dial(): { readonly socket: Socket; readonly endings: SocketEnding[] } {
  const endings: SocketEnding[] = []
  const socket = gate.sockets({
    url: new Secret('ws://jobs.example.com/base/ws?token=canary'),
    headers: {},
    handlers: {
      open: () => {},
      message: () => {},
      pong: () => {},
      close: (ending) => endings.push(ending),
    },
  })
  return { socket, endings }
}

const withToken = (): Asked[] => asked.filter(({ headers }) => 'authorization' in headers)

/** The portal stands before the gateway, and was met by one request. */
async function meetPortal(): Promise<void> {
  answers.set(`${gatewayUrl}/api/v1/jobs`, page)
  answers.set(health, page)
  expect(await ask()).toBe(200)
}

describe('the gate before captive portals', () => {
  it('is not there as long as servers answer, whatever they answer', async () => {
    for (const status of [200, 401, 403, 404, 429, 503]) {
      answers.set(`${gatewayUrl}/api/v1/jobs`, () => json(status))
      expect(await ask()).toBe(status)
    }
    dial()
    sockets.last.end({ status: 401 })
    dial()
    sockets.last.end({ code: 1006 })
    expect([asked.length, sockets.all.length, clock.armed]).toEqual([6, 2, 0])
  })

  it.each([
    ['a page', page],
    ['a redirect', () => new Response(null, { status: 302 })],
    ['a demand to sign in to the network', () => new Response(null, { status: 511 })],
    ['a proxy that wants a password', () => new Response(null, { status: 407 })],
  ])('shuts at %s: no token goes there any more', async (_what, answer) => {
    answers.set(`${gatewayUrl}/api/v1/jobs`, answer)
    await ask()
    expect(await ask()).toBe(511)
    const { endings } = dial()
    await settle()
    expect(endings).toEqual([
      { code: null, reason: '', status: 511, retryAfterMs: null, errorCode: null },
    ])
    expect([asked.length, sockets.all.length]).toEqual([1, 0])
  })

  it.each([200, 302, 511])('shuts at a socket that was answered with %d', async (status) => {
    dial()
    sockets.last.end({ status })
    expect(await ask()).toBe(511)
    dial()
    expect(sockets.all).toHaveLength(1)
  })

  it('takes no page for a portal where a page was asked for, as Engine.IO acknowledges by one', async () => {
    const url = `${gatewayUrl}/socket.io/?sid=1`
    answers.set(url, page)
    const headers = { authorization: 'Bearer canary', accept: 'text/html' }
    expect((await gate.fetch(url, { method: 'POST', headers })).status).toBe(200)
    expect(await ask()).toBe(200)
    answers.set(url, () => new Response(null, { status: 302 }))
    await gate.fetch(url, { method: 'POST', headers })
    expect(await ask()).toBe(511)
  })

  it('looks every ten seconds, without a token, and opens when the server answers', async () => {
    await meetPortal()
    await clock.advance(30_000)
    expect(asked.slice(1)).toEqual(
      [1, 2, 3].map(() => ({ url: health, headers: { accept: 'application/json' } })),
    )
    answers.clear()
    await clock.advance(9_999)
    expect(cleared).toBe(0)
    await clock.advance(1)
    expect(cleared).toBe(1)
    expect(await ask()).toBe(200)
    expect(clock.armed).toBe(0)
  })

  it.each([401, 404, 503])('takes JSON for the server, also with %d', async (status) => {
    await meetPortal()
    answers.set(health, () => json(status))
    await clock.advance(10_000)
    expect(cleared).toBe(1)
  })

  it('opens when there is nobody at all: without a connection no token is sent', async () => {
    await meetPortal()
    answers.set(health, () => Promise.reject(new TypeError('fetch failed')))
    await clock.advance(10_000)
    expect(cleared).toBe(1)
  })

  it('waits 5 s for a look', async () => {
    await meetPortal()
    answers.set(health, () => new Promise(() => {}))
    await clock.advance(14_999)
    expect(cleared).toBe(0)
    await clock.advance(1)
    expect(cleared).toBe(1)
  })

  it('looks at once when woken, and once at a time', async () => {
    await meetPortal()
    gate.wake()
    gate.wake()
    await settle()
    expect(asked.filter(({ url }) => url === health)).toHaveLength(2)
    answers.clear()
    gate.wake()
    await settle()
    expect(cleared).toBe(1)
    gate.wake()
    await settle()
    expect(asked.filter(({ url }) => url === health)).toHaveLength(3)
  })

  it('lets one real attempt a minute through, in case the server has a page there itself', async () => {
    await meetPortal()
    await clock.advance(59_999)
    expect(await ask()).toBe(511)
    await clock.advance(1)
    dial()
    expect(await ask()).toBe(511)
    sockets.last.end({ status: 302 })
    await clock.advance(60_000)
    expect([withToken().length, sockets.all.length, cleared]).toEqual([1, 1, 0])
    answers.set(`${gatewayUrl}/api/v1/jobs`, json)
    expect([await ask(), await ask(), cleared]).toEqual([200, 200, 1])
  })

  it('is opened by a socket that opens', async () => {
    const { socket } = dial()
    await meetPortal()
    sockets.last.accept()
    expect(cleared).toBe(1)
    expect(await ask(`${gatewayUrl}/other`)).toBe(200)
    socket.terminate()
  })

  it('shuts the way to one server only, and asks each in its own way', async () => {
    await meetPortal()
    expect(await ask(`${supabaseUrl}/auth/v1/token`)).toBe(200)
    answers.set(`${supabaseUrl}/auth/v1/token`, page)
    answers.set(`${supabaseUrl}/auth/v1/health`, page)
    await ask(`${supabaseUrl}/auth/v1/token`)
    await clock.advance(10_000)
    expect(asked.at(-1)).toEqual({
      url: `${supabaseUrl}/auth/v1/health`,
      headers: { accept: 'application/json', apikey: 'sb_publishable_x' },
    })
  })

  it('says nothing of a socket that was terminated before it could be refused', async () => {
    await meetPortal()
    const { socket, endings } = dial()
    socket.terminate()
    await settle()
    expect(endings).toEqual([])
    expect([socket.ping(), socket.bufferedAmount]).toEqual([false, 0])
  })

  it('is silent once it is closed, also in the middle of a look', async () => {
    await meetPortal()
    const answer = Promise.withResolvers<Response>()
    answers.set(health, () => answer.promise)
    gate.wake()
    await scope.close('signed out')
    answer.resolve(json())
    await settle()
    expect(cleared).toBe(0)
  })
})
