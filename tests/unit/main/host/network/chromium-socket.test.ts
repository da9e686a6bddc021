import { inspect } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import { chromiumSockets } from '../../../../../src/main/host/network/chromium-socket.ts'
import { Secret } from '../../../../../src/main/lib/secret.ts'
import type { Socket, SocketEnding } from '../../../../../src/main/ports.ts'
import { classify } from '../../../../../src/main/sources/close-codes.ts'
import { FakeChromiumSocket } from '../../../../support/fake-chromium-socket.ts'

const url = 'wss://jobs.example.com/ws?token=canary'
let theirs: FakeChromiumSocket
let ours: Socket
let heard: unknown[]
let endings: SocketEnding[]

const open = (maxFrameBytes?: number): void => {
  heard = []
  endings = []
  ours = chromiumSockets((address, { headers }) => {
    theirs = new FakeChromiumSocket(address, headers)
    return theirs
  })({
    url: new Secret(url),
    headers: { Authorization: new Secret('Bearer canary') },
    ...(maxFrameBytes !== undefined && { maxFrameBytes }),
    handlers: {
      open: () => heard.push('open'),
      message: (text) => heard.push(text),
      pong: () => heard.push('pong'),
      close: (ending) => endings.push(ending),
    },
  })
}

beforeEach(() => open())

describe("a socket on Chromium's stack", () => {
  it('opens where it is told to, with the headers, and passes text on', () => {
    expect([theirs.url, theirs.headers]).toEqual([url, { Authorization: 'Bearer canary' }])
    theirs.accept()
    theirs.say('{"type":"snapshot"}')
    theirs.say(Buffer.from([1]))
    expect(heard).toEqual(['open', '{"type":"snapshot"}', null])
  })

  it('says nothing before it is open, and everything afterwards', () => {
    ours.send('too early')
    theirs.accept()
    theirs.bufferedAmount = 7
    ours.send('now')
    expect(theirs.sent).toEqual(['now'])
    expect(ours.bufferedAmount).toBe(7)
  })

  it('cannot ping, and says so', () => {
    theirs.accept()
    expect(ours.ping()).toBe(false)
  })

  it('tells its end once, with the code and reason of the server', () => {
    theirs.accept()
    theirs.end(1008, 'token_expired')
    theirs.end(1000)
    expect(endings).toEqual([
      { code: 1008, reason: 'token_expired', status: null, retryAfterMs: null, errorCode: null },
    ])
  })

  it('passes a goodbye on', () => {
    theirs.accept()
    ours.close(1000)
    expect(theirs.closes).toEqual([[1000, undefined]])
  })

  it('is silent from the moment it is terminated', () => {
    theirs.accept()
    ours.terminate()
    theirs.say('late')
    theirs.end(1006)
    expect(theirs.closes).toHaveLength(1)
    expect(heard).toEqual(['open'])
    expect(endings).toEqual([])
  })

  it('reads no message that is longer than agreed, and ends', () => {
    open(8)
    theirs.accept()
    theirs.say('ääää')
    theirs.say('ääääa')
    expect(heard).toEqual(['open', 'ääää'])
    expect(endings.map(classify)).toEqual([
      { kind: 'retry', reason: 'protocol_error', minDelayMs: 0 },
    ])
    expect(theirs.closes).toHaveLength(1)
  })

  it.each(['inspect', 'json'] as const)('shows its address to nobody (%s)', (how) => {
    theirs.accept()
    const shown = how === 'json' ? JSON.stringify(ours) : inspect(ours, true, null)
    expect(shown).not.toContain('canary')
  })
})

describe('what Chromium says of an ending', () => {
  it.each([
    [
      'Error during WebSocket handshake: Unexpected response code: 403 (net::ERR_INVALID_RESPONSE)',
      { kind: 'refused', reason: 'forbidden', named: false },
    ],
    [
      'HTTP Authentication failed; no valid credentials available (net::OK)',
      { kind: 'refused', reason: 'forbidden', named: false },
    ],
    [
      'Error during WebSocket handshake: Unexpected response code: 200 (net::ERR_INVALID_RESPONSE)',
      { kind: 'retry', reason: 'captive_portal', minDelayMs: 10_000 },
    ],
    [
      'Error during WebSocket handshake: Unexpected response code: 302 (net::ERR_INVALID_RESPONSE)',
      { kind: 'retry', reason: 'captive_portal', minDelayMs: 10_000 },
    ],
    [
      'Proxy authentication failed (net::OK)',
      { kind: 'retry', reason: 'captive_portal', minDelayMs: 10_000 },
    ],
    [
      'Error during WebSocket handshake: Unexpected response code: 502 (net::ERR_INVALID_RESPONSE)',
      { kind: 'retry', reason: 'server_error', minDelayMs: 0 },
    ],
    [
      'Error in connection establishment: net::ERR_CERT_AUTHORITY_INVALID',
      { kind: 'stop', reason: 'tls_untrusted', reach: 'source' },
    ],
    [
      'Error in connection establishment: net::ERR_NAME_NOT_RESOLVED',
      { kind: 'retry', reason: 'name_not_found', minDelayMs: 0 },
    ],
    [
      'Error in connection establishment: net::ERR_CONNECTION_TIMED_OUT',
      { kind: 'retry', reason: 'timed_out', minDelayMs: 0 },
    ],
    [
      'Establishing a tunnel via proxy server failed. (net::ERR_TUNNEL_CONNECTION_FAILED)',
      { kind: 'retry', reason: 'unreachable', minDelayMs: 0 },
    ],
    [
      "Error during WebSocket handshake: 'Upgrade' header is missing (net::ERR_INVALID_RESPONSE)",
      { kind: 'retry', reason: 'protocol_error', minDelayMs: 0 },
    ],
    ['', { kind: 'retry', reason: 'unreachable', minDelayMs: 0 }],
  ])('before it was open is understood: %s', (reason, verdict) => {
    theirs.fail(reason)
    expect(endings.map(classify)).toEqual([verdict])
    expect(endings[0]?.code).toBeNull()
  })

  it.each([
    'Connection to the network service was lost (net::ERR_FAILED)',
    'WebSocket read failed (net::ERR_CONNECTION_RESET)',
    'Unexpected response code: 401',
  ])('afterwards means that the connection broke: %s', (reason) => {
    theirs.accept()
    theirs.fail(reason)
    expect(endings).toMatchObject([{ code: 1006, reason: '', status: null }])
    expect(endings.map(classify)).toEqual([{ kind: 'retry', reason: 'unreachable', minDelayMs: 0 }])
  })
})
