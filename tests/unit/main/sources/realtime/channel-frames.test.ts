import { afterEach, describe, expect, it } from 'vitest'
import type { Verdict } from '../../../../../src/main/sources/close-codes.ts'
import { retry } from '../../../../../src/main/sources/close-codes.ts'
import { ChannelBench, topic } from '../../../../support/channel-bench.ts'

let bench: ChannelBench

afterEach(async () => {
  await bench.scope.close('test over')
  expect([bench.clock.armed, bench.scope.size]).toEqual([0, 0])
})

describe('what else is said', () => {
  it.each<[string, Verdict]>([
    ['phx_close', retry('channel_duplicate')],
    ['phx_error', retry('server_error')],
  ])('%s ends the socket', async (event, verdict) => {
    bench = await ChannelBench.live()
    bench.say(event)
    expect([bench.failures, bench.malformed]).toEqual([[verdict], 0])
  })

  it.each([
    ['an event that is not known', 'presence_state', topic],
    ['an event of the socket that is not known', 'phx_close', 'phoenix'],
    ['the end of another channel', 'phx_close', `${topic}2`],
    ['the trouble of another channel', 'phx_error', 'realtime:other'],
  ])('%s is counted, and changes nothing', async (_, event, to) => {
    bench = await ChannelBench.live()
    expect(bench.say(event, {}, null, to)).toBe(false)
    expect([bench.failures, bench.malformed, bench.subscribed]).toEqual([[], 1, [true]])
  })

  it.each([null, '', '[]', '{}'])('F64: %j is no frame, and is counted', async (text) => {
    bench = await ChannelBench.live()
    expect(bench.channel.take(text)).toBe(false)
    expect([bench.failures, bench.malformed]).toEqual([[], 1])
  })

  it('an answer to a heartbeat shows that the subscription works, once there is one', async () => {
    bench = await ChannelBench.joining()
    expect(bench.say('phx_reply', {}, '5', 'phoenix')).toBe(false)
    await bench.accept()
    bench.system('ok', 'Subscribed to PostgreSQL')
    expect(bench.say('phx_reply', {}, '5', 'phoenix')).toBe(true)
    expect(bench.malformed).toBe(0)
  })
})

describe('a change', () => {
  it.each([7, 8])('of binding %d is told', async (id) => {
    bench = await ChannelBench.live()
    expect(bench.change([3, id])).toBe(true)
    expect([bench.changes, bench.malformed]).toEqual([[{ kind: 'written', row: { id: 'a' } }], 0])
  })

  it('of no binding of ours is counted', async () => {
    bench = await ChannelBench.live()
    expect(bench.change([6, 9])).toBe(false)
    expect([bench.changes, bench.malformed]).toEqual([[], 1])
  })

  it('is none before the join is answered', async () => {
    bench = await ChannelBench.joining()
    bench.change([7])
    expect([bench.changes, bench.malformed]).toEqual([[], 1])
  })

  it('that may not be told ends the socket', async () => {
    bench = await ChannelBench.live()
    bench.change([7], { errors: ['Error 401: Unauthorized'] })
    const verdict = { kind: 'stop', reason: 'permission_denied', reach: 'source' }
    expect([bench.failures, bench.changes, bench.malformed]).toEqual([[verdict], [], 0])
  })
})
