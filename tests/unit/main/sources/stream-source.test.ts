import { afterEach, describe, expect, it } from 'vitest'
import { Secret } from '../../../../src/main/lib/secret.ts'
import { Positions } from '../../../../src/main/workspaces/positions.ts'
import { settleAll } from '../../../support/fake-clock.ts'
import { StreamBench } from '../../../support/stream-bench.ts'
import { wireJob } from '../../../support/wire-jobs.ts'

let stream: StreamBench
const a = wireJob({ id: 'a' })
const b = wireJob({ id: 'b' })
const shown = (): string[] => stream.bench.rows.map(({ id }) => id).sort()
const view = () => stream.bench.source.view
const at = (offset: number, owed?: true) => {
  const position = new Positions().of('stream')
  position.write(() => JSON.stringify({ epoch: 'e', offset, owed }))
  return position
}
/** Live by a snapshot of both jobs; what is listed beside it was read. */
async function live(): Promise<void> {
  stream = new StreamBench()
  stream.jobs = [a, b]
  await stream.accept()
  await stream.snapshot([a, b])
  stream.asked.length = 0
}

afterEach(async () => {
  const { scope, clock } = stream.bench
  await scope.close('test over')
  expect([clock.armed, scope.size, stream.sockets.live]).toEqual([0, 0, 0])
})

describe('a stream that begins', () => {
  it('asks for no list before the server has had its time to begin', async () => {
    stream = new StreamBench()
    await stream.accept()
    await stream.pass(2_499)
    expect([stream.asked, view().state]).toEqual([[], 'connecting'])
    await stream.pass(1)
    expect(stream.asked).toEqual(['active', 'all'])
  })

  it('tells of no change while it dials', async () => {
    stream = new StreamBench()
    await settleAll()
    expect(stream.bench.views).toEqual([])
    await stream.accept()
    expect(stream.bench.views).toMatchObject([{ state: 'connecting', sockets: 1 }])
  })

  it('keeps the place of a snapshot as one whose list is owed, until that was read', async () => {
    const position = new Positions().of('stream')
    stream = new StreamBench(position)
    stream.meanwhile = () => false
    await stream.accept()
    await stream.snapshot([a])
    expect(position.read()).toBe('{"epoch":"e","offset":3,"owed":true}')
    stream.meanwhile = () => true
    await stream.pass(2_000)
    expect(position.read()).toBe('{"epoch":"e","offset":3}')
  })

  it('dials again after a goodbye: there is always more to come', async () => {
    await live()
    await stream.redial(1000)
    expect(stream.sockets.all).toHaveLength(2)
    expect(stream.bench.source.stopped).toBeNull()
  })
})

describe('a snapshot of just where the stream was', () => {
  it('in step is no gap, confirms what it does not name, and leaves no list to be read', async () => {
    await live()
    stream.bench.lose()
    expect(stream.remembered).toEqual(['a', 'b'])
    await stream.snapshot([a])
    expect([shown(), stream.remembered]).toEqual([['a', 'b'], []])
    expect(stream.asked).toEqual([])
    expect(view().gap).toBeUndefined()
  })

  it('after an interruption says that nothing was missed', async () => {
    await live()
    await stream.redial()
    await stream.snapshot([a])
    expect(view()).toMatchObject({ state: 'live', gap: { recovered: 0, missing: 0 } })
    expect([shown(), stream.asked]).toEqual([['a', 'b'], []])
  })

  it('is enough of a server that was taken for a plain one', async () => {
    stream = new StreamBench(at(3))
    await stream.accept()
    await stream.pass(2_500)
    await stream.snapshot([a])
    stream.asked.length = 0
    await stream.pass(120_000)
    expect(stream.asked).not.toContain('active')
  })

  it('is not enough while the list beside the one before is owed', async () => {
    stream = new StreamBench(at(3, true))
    await stream.accept()
    await stream.snapshot([a])
    expect(stream.asked).toEqual(['all'])
  })
})

describe('a snapshot of another place', () => {
  it('in step is a gap of which nothing can be known, and keeps what only the list names', async () => {
    await live()
    stream.meanwhile = () => false
    await stream.snapshot([wireJob({ id: 'a', seq: 2 })], { offset: 5 })
    expect(view()).toMatchObject({ state: 'live', gap: { recovered: 1, missing: null } })
    expect([shown(), stream.asked]).toEqual([['a', 'b'], ['all']])
  })

  it('F53: of another history replaces what was known, whatever its number', async () => {
    await live()
    stream.meanwhile = () => false
    await stream.redial()
    await stream.snapshot([a], { epoch: 'f' })
    expect(view().gap).toMatchObject({ recovered: 0, missing: null })
    expect([shown(), stream.asked]).toEqual([['a'], ['all']])
  })
})

describe('what was remembered', () => {
  it('is not true again by a sign of life, only by the proof', async () => {
    await live()
    await stream.end()
    stream.bench.lose()
    await stream.pass(15_000)
    await stream.accept()
    stream.sockets.last.pong()
    expect(stream.remembered).toEqual(['a', 'b'])
    await stream.resumed(0)
    expect(stream.remembered).toEqual([])
  })
})

describe('a quiet stream', () => {
  const quiet = async (): Promise<void> => {
    await live()
    stream.offset = 4
  }

  it('F52: is asked how far it is after 9 s, and begun again after 4 more', async () => {
    await quiet()
    await stream.pass(9_000)
    expect(stream.asked).toEqual(['place'])
    await stream.pass(3_999)
    expect(view().state).toBe('live')
    await stream.pass(1)
    expect(view()).toMatchObject({ state: 'reconnecting', sockets: 0, reason: 'server_error' })
  })

  it('is not asked while it says something', async () => {
    await quiet()
    for (let second = 1; second <= 30; second += 1) {
      await stream.pass(1_000)
      await stream.event(3 + second, { id: 'a', seq: 1 + second })
    }
    expect(stream.asked).toEqual([])
  })

  it('has all of its time again after a wake', async () => {
    await quiet()
    await stream.pass(11_000)
    stream.bench.source.wake()
    await settleAll()
    await stream.pass(3_999)
    expect([stream.asked, view().state]).toEqual([['place', 'place'], 'live'])
    await stream.pass(1)
    expect(view().state).toBe('reconnecting')
  })

  it('is begun again once for a server that is ahead and says that this is all', async () => {
    await quiet()
    await stream.pass(14_000)
    await stream.accept()
    await stream.resumed(0)
    await stream.pass(120_000)
    expect(stream.sockets.all).toHaveLength(2)
    expect(view()).toMatchObject({ state: 'live', gap: { missing: 0 } })
  })

  it('is begun from nothing for a server that twice does not tell what it announced', async () => {
    await quiet()
    await stream.pass(14_000)
    await stream.accept()
    expect(stream.resume).toEqual({ type: 'resume', epoch: 'e', offset: 3, parts: true })
    await stream.resumed(1)
    await stream.pass(15_000)
    await stream.accept()
    expect(stream.resume).toEqual({ type: 'resume', parts: true })
  })

  it('is not asked while there is no socket', async () => {
    await quiet()
    await stream.end()
    for (let each = 0; each < 10; each += 1) {
      await stream.pass(5_000)
      if (stream.sockets.last.state === 'connecting') stream.sockets.last.end({ status: 503 })
    }
    expect(stream.asked).toEqual([])
  })
})

describe('a wake', () => {
  it('dials now what waits', async () => {
    await live()
    await stream.end()
    stream.bench.source.wake()
    await settleAll()
    expect(stream.sockets.last.state).toBe('connecting')
    expect(stream.sockets.all).toHaveLength(2)
  })

  it('asks again for the list that could not be had', async () => {
    await live()
    stream.meanwhile = () => false
    await stream.snapshot([a], { offset: 5 })
    expect(stream.asked).toEqual(['all'])
    stream.bench.source.wake()
    await settleAll()
    expect(stream.asked).toEqual(['all', 'all'])
  })

  it('I2: wakes nothing that stopped', async () => {
    await live()
    for (const offset of [4, 5, 6]) await stream.event(offset, { tenant_id: 'globex' })
    expect(view()).toMatchObject({ state: 'stopped', reason: 'protocol_error' })
    const { armed } = stream.bench.clock
    stream.bench.source.wake()
    await settleAll()
    expect([stream.asked, stream.bench.clock.armed]).toEqual([[], armed])
  })
})

describe('a successor that cannot be gone on with', () => {
  it('is why the stream is out of step while the old socket is open', async () => {
    await live()
    await stream.bench.tokens.renew(new Secret(stream.bench.tokens.token))
    await stream.say({ type: 'auth_refused' })
    expect(stream.sockets.live).toBe(2)
    await stream.accept()
    await stream.resumed(0, 9)
    expect(view()).toMatchObject({ state: 'reconnecting', sockets: 1, reason: 'server_error' })
  })
})
