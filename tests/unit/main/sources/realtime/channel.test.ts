import { afterEach, describe, expect, it } from 'vitest'
import type { Verdict } from '../../../../../src/main/sources/close-codes.ts'
import { retry } from '../../../../../src/main/sources/close-codes.ts'
import { ChannelBench, topic } from '../../../../support/channel-bench.ts'
import { FakeClock, settle } from '../../../../support/fake-clock.ts'

const passing = 'the database went away'

let bench: ChannelBench

afterEach(async () => {
  await bench.scope.close('test over')
  expect([bench.clock.armed, bench.scope.size]).toEqual([0, 0])
})

describe('the join', () => {
  it('is said first, with the token, and with all that is asked for', async () => {
    bench = await ChannelBench.joining()
    expect(bench.adopted).toEqual(['token-1'])
    const changes = { schema: 'public', table: 'translation_jobs' }
    const config = {
      broadcast: { ack: false, self: false },
      presence: { key: '', enabled: false },
      postgres_changes: [
        { event: 'DELETE', ...changes },
        { event: '*', ...changes, filter: 'tenant_id=eq.acme' },
      ],
      private: false,
    }
    const payload = { config, access_token: 'token-1' }
    expect(bench.sent).toEqual([{ joinRef: '1', ref: '1', topic, event: 'phx_join', payload }])
  })

  it.each<[string, NonNullable<ChannelBench['tokens']['failure']>, Verdict]>([
    ['again later', { code: 'unreachable', message: '' }, retry('unreachable')],
    [
      'again when it makes sense',
      { code: 'rate_limited', message: '', retryAfterMs: 7_000 },
      retry('rate_limited', 7_000),
    ],
    [
      'never',
      { code: 'session_ended', message: '' },
      { kind: 'stop', reason: 'session_ended', reach: 'source' },
    ],
  ])('is not said without a token, and %s', async (_, failure, verdict) => {
    bench = await ChannelBench.joining({ failure })
    expect(bench.failures).toEqual([verdict])
    expect([bench.sent, bench.adopted]).toEqual([[], []])
  })

  it.each([null, { code: 'unreachable', message: '' } as const])(
    'is not said, nor any failure, when the socket is gone before there is a token (%j)',
    async (failure) => {
      bench = new ChannelBench({ failure })
      await bench.scope.close('gone')
      await settle()
      expect([bench.sent, bench.adopted, bench.failures]).toEqual([[], [], []])
    },
  )

  it('answered is not yet the subscription', async () => {
    bench = await ChannelBench.joining()
    await bench.accept()
    expect([bench.channel.subscribed, bench.subscribed, bench.failures]).toEqual([false, [], []])
    expect(bench.system('ok', 'Subscribed to PostgreSQL')).toBe(true)
    expect([bench.channel.subscribed, bench.subscribed]).toEqual([true, [true]])
    expect(bench.malformed).toBe(0)
  })

  it.each<[string, unknown, Verdict]>([
    [
      'of a full server',
      { reason: 'ChannelRateLimitReached: Too many channels' },
      retry('rate_limited', 10_000),
    ],
    [
      'of a token',
      { reason: 'InvalidJWTToken: Token has expired 3 seconds ago' },
      { kind: 'refused', reason: 'token_expired', named: true },
    ],
    [
      'of a topic',
      { reason: 'Unauthorized: You do not have permissions' },
      { kind: 'stop', reason: 'permission_denied', reach: 'source' },
    ],
    ['of words that are not known', { reason: 'whatever' }, retry('server_error')],
    ['without a reason', {}, retry('server_error')],
    ['without anything', null, retry('server_error')],
    ['without a response', undefined, retry('server_error')],
  ])('refused because %s fails with just that', async (_, response, verdict) => {
    bench = await ChannelBench.joining()
    expect(bench.reply('error', response)).toBe(false)
    expect([bench.failures, bench.malformed]).toEqual([[verdict], 0])
  })

  it.each([{}, { postgres_changes: [] }, null])(
    'understood as something else (%j) is a protocol error',
    async (response) => {
      bench = await ChannelBench.joining()
      bench.reply('ok', response)
      await settle()
      expect([bench.failures, bench.malformed]).toEqual([[retry('protocol_error')], 0])
    },
  )

  it('is answered by its own reply only, and once', async () => {
    bench = await ChannelBench.joining()
    for (const ref of [null, '2', '99']) {
      bench.say('phx_reply', { status: 'error', response: { reason: 'no' } }, ref)
    }
    expect([bench.failures, bench.malformed]).toEqual([[], 0])
    await bench.accept()
    bench.reply('error', { reason: 'no' })
    expect([bench.failures, bench.malformed]).toEqual([[], 0])
    expect(bench.change([7])).toBe(false)
    expect(bench.changes).toHaveLength(1)
  })

  it.each([{}, { status: 5, response: {} }, 'ok', null])(
    'is not answered by %j, which is counted',
    async (payload) => {
      bench = await ChannelBench.joining()
      bench.say('phx_reply', payload, '1')
      expect([bench.failures, bench.malformed]).toEqual([[], 1])
    },
  )
})

describe('the deadline', () => {
  it('of a subscription is 15 s from the dial', async () => {
    const clock = new FakeClock()
    await clock.advance(40_000)
    bench = await ChannelBench.joining({ clock, dialledMs: 3_000 })
    await bench.accept()
    await clock.advance(11_999)
    expect(bench.failures).toEqual([])
    await clock.advance(1)
    expect(bench.failures).toEqual([retry('timed_out')])
  })

  it('is over at once when the dial took all of it', async () => {
    const clock = new FakeClock()
    await clock.advance(40_000)
    bench = await ChannelBench.joining({ clock, dialledMs: 16_000 })
    await clock.advance(0)
    expect(bench.failures).toEqual([retry('timed_out')])
  })

  it('is gone with the subscription', async () => {
    bench = await ChannelBench.live()
    expect(bench.clock.delays).toEqual([6_000])
    await bench.clock.advance(60_000)
    expect(bench.failures).toEqual([])
  })

  it('of a subscription that was lost is 15 s from the loss', async () => {
    bench = await ChannelBench.live()
    await bench.clock.advance(100_000)
    bench.system('error', passing)
    await bench.clock.advance(14_999)
    expect(bench.failures).toEqual([])
    await bench.clock.advance(1)
    expect(bench.failures).toEqual([retry('timed_out')])
  })

  it('is not put off by being told of the loss again', async () => {
    bench = await ChannelBench.live()
    bench.system('error', passing)
    await bench.clock.advance(10_000)
    bench.system('error', passing)
    await bench.clock.advance(5_000)
    expect(bench.failures).toEqual([retry('timed_out')])
    expect(bench.subscribed).toEqual([true, false])
  })

  it('of a loss is gone when the subscription is back', async () => {
    bench = await ChannelBench.live()
    bench.system('error', passing)
    await bench.clock.advance(14_999)
    bench.system('ok', 'Subscribed to PostgreSQL')
    await bench.clock.advance(60_000)
    expect([bench.failures, bench.subscribed]).toEqual([[], [true, false, true]])
  })
})

describe('what the system says', () => {
  it('of a loss that may pass is told, and no failure', async () => {
    bench = await ChannelBench.live()
    expect(bench.system('error', passing)).toBe(false)
    expect([bench.channel.subscribed, bench.subscribed]).toEqual([false, [true, false]])
    expect([bench.failures, bench.malformed]).toEqual([[], 0])
  })

  it('of trouble before there was a subscription is only awaited', async () => {
    bench = await ChannelBench.joining()
    await bench.accept()
    bench.system('error', passing)
    expect([bench.subscribed, bench.failures, bench.malformed]).toEqual([[], [], 0])
    await bench.clock.advance(15_000)
    expect(bench.failures).toEqual([retry('timed_out')])
  })

  it.each<[string, string, Verdict]>([
    [
      'postgres_changes',
      'Token has expired',
      { kind: 'refused', reason: 'token_expired', named: true },
    ],
    [
      'postgres_changes',
      'Please check Realtime is enabled for the given connect parameters',
      { kind: 'stop', reason: 'realtime_not_enabled', reach: 'source' },
    ],
    ['system', 'Token has expired', { kind: 'refused', reason: 'token_expired', named: true }],
    ['system', passing, retry('server_error')],
    ['system', 'Too many messages per second', retry('rate_limited', 10_000)],
  ])('of %s, "%s", ends the socket', async (extension, message, verdict) => {
    bench = await ChannelBench.live()
    bench.system('error', message, extension)
    expect([bench.failures, bench.subscribed, bench.malformed]).toEqual([[verdict], [true], 0])
  })

  it('once more of the subscription is no news', async () => {
    bench = await ChannelBench.live()
    expect(bench.system('ok', 'Subscribed to PostgreSQL')).toBe(true)
    expect([bench.subscribed, bench.malformed]).toEqual([[true], 0])
  })

  it('of something else that is well is no subscription', async () => {
    bench = await ChannelBench.joining()
    await bench.accept()
    expect(bench.system('ok', 'Subscribed', 'broadcast')).toBe(false)
    expect([bench.subscribed, bench.malformed]).toEqual([[], 0])
  })

  it.each([
    {},
    { extension: 'postgres_changes', status: 'ok' },
    { extension: 'postgres_changes', message: '' },
    { status: 'ok', message: '' },
    'ok',
  ])('is counted when it says %j', async (payload) => {
    bench = await ChannelBench.joining()
    await bench.accept()
    expect(bench.say('system', payload)).toBe(false)
    expect([bench.subscribed, bench.failures, bench.malformed]).toEqual([[], [], 1])
  })
})
