import { afterEach, describe, expect, it } from 'vitest'
import { retry } from '../../../../../src/main/sources/close-codes.ts'
import { ChannelBench, topic } from '../../../../support/channel-bench.ts'

let bench: ChannelBench

afterEach(async () => {
  await bench.scope.close('test over')
  expect([bench.clock.armed, bench.scope.size]).toEqual([0, 0])
})

/** Tokens that the server was given after the join. */
const given = () => bench.said.slice(1).map(({ payload }) => payload)

describe('a renewed token', () => {
  it.each(['joined', 'subscribed'])('is given at once to a channel that is %s', async (how) => {
    bench = await ChannelBench.joining()
    await bench.accept()
    if (how === 'subscribed') bench.system('ok', 'Subscribed to PostgreSQL')
    await bench.renew()
    expect(bench.said.slice(1)).toEqual([
      {
        joinRef: '1',
        ref: expect.not.stringMatching(/^1$/) as string,
        topic,
        event: 'access_token',
        payload: { access_token: 'token-2' },
      },
    ])
    expect(bench.adopted).toEqual(['token-1', 'token-2'])
  })

  it('waits for the answer to the join', async () => {
    bench = await ChannelBench.joining()
    await bench.renew()
    expect([bench.said.length, bench.adopted]).toEqual([1, ['token-1']])
    await bench.accept()
    expect(given()).toEqual([{ access_token: 'token-2' }])
    expect(bench.adopted).toEqual(['token-1', 'token-2'])
  })

  it('is not given twice', async () => {
    bench = await ChannelBench.joining()
    await bench.accept()
    expect([given(), bench.adopted]).toEqual([[], ['token-1']])
    await bench.renew()
    bench.tokens.announce()
    await bench.renew()
    expect(given()).toEqual([{ access_token: 'token-2' }, { access_token: 'token-3' }])
  })

  it('that comes while the join is being made is given after it, once', async () => {
    bench = new ChannelBench()
    await bench.renew()
    expect(bench.said).toMatchObject([{ event: 'phx_join', payload: { access_token: 'token-1' } }])
    await bench.accept()
    expect(given()).toEqual([{ access_token: 'token-2' }])
    expect(bench.adopted).toEqual(['token-1', 'token-2'])
  })

  it('that is not to be had changes nothing: the server says when the old one is over', async () => {
    bench = await ChannelBench.joining()
    bench.tokens.failure = { code: 'unreachable', message: '' }
    await bench.accept()
    expect([given(), bench.adopted, bench.failures]).toEqual([[], ['token-1'], []])
  })

  it('is not given any more when the socket is gone', async () => {
    bench = await ChannelBench.live()
    const renewed = bench.renew()
    await bench.scope.close('gone')
    await renewed
    await bench.renew()
    expect([given(), bench.adopted]).toEqual([[], ['token-1']])
  })
})

describe('the heartbeat', () => {
  it('is said to the socket, not to the channel, every time under another ref', async () => {
    bench = await ChannelBench.live()
    await bench.clock.advance(18_000)
    const beat = { joinRef: null, topic: 'phoenix', event: 'heartbeat', payload: {} }
    expect(bench.heartbeats).toMatchObject([beat, beat, beat])
    expect(new Set(bench.sent.map(({ ref }) => ref)).size).toBe(4)
    expect([bench.failures, bench.malformed]).toEqual([[], 0])
  })

  it('that nothing answers ends the socket', async () => {
    bench = await ChannelBench.live()
    bench.answersHeartbeats = false
    await bench.clock.advance(11_999)
    expect(bench.failures).toEqual([])
    await bench.clock.advance(1)
    expect(bench.failures).toEqual([retry('timed_out')])
  })

  it.each([null, '[]'])('is content with whatever is heard, also with %j', async (text) => {
    bench = await ChannelBench.live()
    bench.answersHeartbeats = false
    await bench.clock.advance(11_000)
    bench.channel.take(text)
    await bench.clock.advance(1_000)
    expect([bench.failures, bench.heartbeats.length]).toEqual([[], 2])
  })
})
