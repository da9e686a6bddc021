import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Scope } from '../../../../../src/main/lib/scope.ts'
import { Secret } from '../../../../../src/main/lib/secret.ts'
import { bindingsOf } from '../../../../../src/main/sources/realtime/binding.ts'
import { parsePhoenix } from '../../../../../src/main/sources/realtime/phoenix.ts'
import { Subscription } from '../../../../../src/main/sources/realtime/subscription.ts'
import { FakeClock, settle } from '../../../../support/fake-clock.ts'
import { FakeSockets } from '../../../../support/fake-socket.ts'
import { FakeTokens } from '../../../../support/fake-tokens.ts'
import { sourceContext } from '../../../../support/source-context.ts'

const reopenMs = 225_000

let scope: Scope
let clock: FakeClock
let sockets: FakeSockets
let tokens: FakeTokens
let subscription: Subscription
let told: boolean[]
let changes: unknown[]
let counts: { heard: number; malformed: number; changed: number }

const context = () =>
  sourceContext({
    scope,
    clock,
    tokens,
    sockets: sockets.open,
    supabaseUrl: 'https://supabase.example/base',
    publishableKey: 'sb_publishable_a+b&c',
  })

const joins = () =>
  sockets.all.flatMap(({ sent }) =>
    sent.map((text) => parsePhoenix(text)).filter((frame) => frame?.event === 'phx_join'),
  )

function say(event: string, payload: unknown, ref: string | null = null): void {
  const join = joins().at(-1)
  sockets.last.say([join?.joinRef, ref, join?.topic, event, payload])
}

const system = (status: string, message: string): void =>
  say('system', { extension: 'postgres_changes', status, message })

/** The server takes the dial under way; nothing is said of the join. */
async function accept(): Promise<void> {
  const socket = sockets.last
  socket.onPing = () => queueMicrotask(() => socket.pong())
  socket.accept()
  await settle()
}

async function subscribe(): Promise<void> {
  const { jobTable, tenantIds } = context()
  const bindings = bindingsOf(jobTable, tenantIds).map((one, id) => ({ ...one, id }))
  say('phx_reply', { status: 'ok', response: { postgres_changes: bindings } }, '1')
  system('ok', 'Subscribed to PostgreSQL')
  const socket = sockets.last
  socket.onSaid = (text) => {
    const frame = parsePhoenix(text)
    if (frame?.event !== 'heartbeat') return
    socket.say([null, frame.ref, 'phoenix', 'phx_reply', { status: 'ok', response: {} }])
  }
  await settle()
}

async function refuse(reason: string): Promise<void> {
  say('phx_reply', { status: 'error', response: { reason } }, '1')
  await settle()
}

beforeEach(async () => {
  scope = new Scope('test')
  clock = new FakeClock()
  await clock.advance(40_000)
  sockets = new FakeSockets()
  tokens = new FakeTokens()
  told = []
  changes = []
  counts = { heard: 0, malformed: 0, changed: 0 }
  subscription = new Subscription({
    context: context(),
    scope,
    onHeard: () => (counts.heard += 1),
    onMalformed: () => (counts.malformed += 1),
    onChange: (change) => changes.push(change),
    onSubscribed: (subscribed) => told.push(subscribed),
    onChanged: () => (counts.changed += 1),
  })
  subscription.open()
  await settle()
})

afterEach(async () => {
  expect(sockets.peak).toBe(1)
  await scope.close('test over')
  expect([clock.armed, scope.size, sockets.live]).toEqual([0, 0, 0])
})

describe('a dial', () => {
  it('carries the key in the address, and takes frames of up to 1 MiB', () => {
    expect(sockets.last.url).toBe(
      'wss://supabase.example/base/realtime/v1/websocket?apikey=sb_publishable_a%2Bb%26c&vsn=2.0.0',
    )
    expect(sockets.last.headers).toEqual({})
    expect(sockets.last.maxFrameBytes).toBe(1_048_576)
    expect([subscription.sockets, subscription.reason, subscription.nextTryAtMs]).toEqual([
      0,
      null,
      null,
    ])
  })

  it('is followed by a join of a name that was never used before', async () => {
    await accept()
    sockets.last.end()
    await clock.advance(1_000)
    await accept()
    const unique = (2 ** 47).toString(36)
    expect(joins().map((join) => join?.topic)).toEqual([
      `realtime:signalbox-${unique}-1`,
      `realtime:signalbox-${unique}-2`,
    ])
  })

  it('and all that has to follow it, take 15 s at the most', async () => {
    await clock.advance(4_000)
    await accept()
    await clock.advance(10_999)
    expect([subscription.sockets, subscription.reason]).toEqual([1, null])
    await clock.advance(1)
    expect([subscription.sockets, subscription.reason]).toEqual([0, 'timed_out'])
    expect(told).toEqual([])
  })
})

describe('a subscription', () => {
  it('is told of when it is there, with what changes', async () => {
    await accept()
    expect([subscription.subscribed, subscription.sockets]).toEqual([false, 1])
    const before = counts.changed
    await subscribe()
    expect([subscription.subscribed, told, subscription.reason]).toEqual([true, [true], null])
    expect(counts.changed).toBe(before + 1)
    const data = {
      schema: 'public',
      table: 'translation_jobs',
      type: 'INSERT',
      record: { id: 'a' },
    }
    say('postgres_changes', { ids: [1], data })
    expect(changes).toEqual([{ kind: 'written', row: { id: 'a' } }])
    expect(counts).toMatchObject({ heard: 3, malformed: 0 })
    sockets.last.say('nonsense')
    expect(counts).toMatchObject({ heard: 4, malformed: 1 })
  })

  it('that the server lost says so, until it is back', async () => {
    await accept()
    await subscribe()
    system('error', 'the database went away')
    expect([subscription.subscribed, told]).toEqual([false, [true, false]])
    expect([subscription.reason, subscription.sockets]).toEqual(['server_error', 1])
    system('ok', 'Subscribed to PostgreSQL')
    expect([told, subscription.reason]).toEqual([[true, false, true], null])
  })

  it('ends with its socket, and says once that it did', async () => {
    await accept()
    await subscribe()
    const before = counts.changed
    sockets.last.end()
    expect(counts.changed).toBe(before + 1)
    expect([subscription.subscribed, told]).toEqual([false, [true, false]])
    expect([subscription.reason, subscription.sockets]).toEqual(['unreachable', 0])
    expect(subscription.nextTryAtMs).toBe(clock.now() + 1_000)
    await clock.advance(1_000)
    expect([sockets.all.length, subscription.nextTryAtMs]).toEqual([2, null])
    expect([told, subscription.reason]).toEqual([[true, false], 'unreachable'])
  })

  it('that never was is not told to be lost, also when the server says goodbye', async () => {
    await accept()
    sockets.last.end({ code: 1000 })
    expect([told, subscription.reason]).toEqual([[], 'unreachable'])
    expect(subscription.nextTryAtMs).toBe(clock.now() + 1_000)
  })

  it.each([
    ['a subscription that worked', true, 1_000],
    ['a socket that was only open', false, 2_000],
  ])('after %s the wait is as after a first failure: %s', async (_, works, waitMs) => {
    sockets.last.end()
    await clock.advance(1_000)
    await accept()
    if (works) await subscribe()
    await clock.advance(10_500)
    sockets.last.end()
    expect(subscription.nextTryAtMs).toBe(clock.now() + waitMs)
  })

  it('whose token is refused has the one renewed that was given last', async () => {
    await accept()
    await subscribe()
    await tokens.renew(new Secret('token-1'))
    await settle()
    system('error', 'Token has expired')
    expect(subscription.reason).toBe('token_expired')
    await settle()
    await accept()
    expect(tokens.renewals).toBe(2)
    expect(joins().at(-1)?.payload).toMatchObject({ access_token: 'token-3' })
  })
})

describe('what was refused for good', () => {
  it('is tried again after minutes', async () => {
    const { size } = scope
    await accept()
    await refuse('PrivateOnly: This project only allows private channels')
    expect([subscription.reason, subscription.sockets]).toEqual(['realtime_unavailable', 0])
    expect(subscription.nextTryAtMs).toBe(clock.now() + reopenMs)
    await clock.advance(reopenMs - 1)
    expect(sockets.all).toHaveLength(1)
    await clock.advance(1)
    expect([sockets.all.length, subscription.nextTryAtMs]).toEqual([2, null])
    expect([subscription.reason, scope.size]).toEqual(['realtime_unavailable', size])
    await accept()
    await subscribe()
    expect([subscription.subscribed, subscription.reason]).toEqual([true, null])
  })

  it.each([
    [{ status: 401 }, 'key_wrong'],
    [{ status: 404 }, 'realtime_unavailable'],
    [{ code: 4404 }, 'server_error'],
  ])('is so also when the socket ends with %j', async (ending, reason) => {
    if (!('status' in ending)) await accept()
    sockets.last.end(ending)
    expect([subscription.reason, subscription.nextTryAtMs]).toEqual([
      reason,
      clock.now() + reopenMs,
    ])
  })

  it('is tried at once when the computer wakes, and not a second time', async () => {
    sockets.last.end({ status: 404 })
    subscription.wake()
    await settle()
    expect([sockets.all.length, subscription.nextTryAtMs]).toEqual([2, null])
    await accept()
    await subscribe()
    await clock.advance(reopenMs)
    expect([sockets.all.length, told]).toEqual([2, [true]])
  })

  it('is not tried again when it is not wanted any more', async () => {
    sockets.last.end({ status: 404 })
    await scope.close('over')
    expect(clock.armed).toBe(0)
  })
})

describe('waking', () => {
  it('dials at once where a dial waits', async () => {
    sockets.last.end()
    subscription.wake()
    await settle()
    expect(sockets.all).toHaveLength(2)
  })

  it('leaves a subscription that works as it is', async () => {
    await accept()
    await subscribe()
    subscription.wake()
    await settle()
    await clock.advance(20_000)
    expect([sockets.all.length, told]).toEqual([1, [true]])
  })
})
