import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/main/lib/secret.ts'
import { openStreamSource } from '../../src/main/sources/stream-source.ts'
import { Positions } from '../../src/main/workspaces/positions.ts'
import type { WireJob } from '../../src/shared/job.ts'
import { ScriptedGateway } from '../support/scripted-gateway.ts'
import { ScriptedStream } from '../support/scripted-stream.ts'
import { SourceBench } from '../support/source-bench.ts'
import { until } from '../support/until.ts'
import { wireJob } from '../support/wire-jobs.ts'

let gateway: ScriptedGateway
let stream: ScriptedStream
let bench: SourceBench

const open = (options: Partial<ConstructorParameters<typeof SourceBench>[0]> = {}): void => {
  bench = new SourceBench({ gatewayUrl: gateway.url, open: openStreamSource, ...options })
}
const live = (): Promise<void> => until('it is live', () => bench.state === 'live')
const dials = (count: number): Promise<void> =>
  until(`dial ${count}`, () => gateway.dials.length === count)
/** The list of jobs was asked for, and nothing is under way any more. */
const listed = (times = 1): Promise<void> =>
  until('the list is read', () => {
    const lists = gateway.requests.filter(({ path }) => path === '/api/v1/jobs')
    return lists.length >= times && !bench.clock.delays.includes(10_000)
  })
const renew = (): Promise<unknown> => bench.tokens.renew(new Secret(bench.tokens.token))
/** The next event of a job that the gateway has. */
const after = (id: string, changes: Partial<WireJob> = {}): WireJob => {
  const before = gateway.jobs.get(id)
  if (before === undefined) throw new Error(`no job ${id}`)
  return { ...before, seq: before.seq + 1, ...changes }
}
const push = (id: string, changes: Partial<WireJob> = {}): void => stream.push(after(id, changes))
const told = (id: string, progress: number): Promise<void> =>
  until(`${id} is at ${progress}`, () => bench.row(id)?.progress === progress)
const cut = (): void => gateway.each((socket) => socket.terminate())
/** States that were shown since it was live for the first time. */
const shown = (): string[] => bench.shown.slice(bench.shown.indexOf('live'))
/** Waits out the time to the next dial, and no more: what then goes over the network has all of its own. */
async function redial(): Promise<number> {
  await until('it waits', () => bench.source.view.nextTryAtMs !== null)
  const delayMs = (bench.source.view.nextTryAtMs ?? 0) - bench.clock.now()
  await bench.clock.advance(delayMs)
  return delayMs
}
/** Lets time go by while the server has something to say every second. */
async function seconds(count: number): Promise<void> {
  for (let second = 1; second <= count; second += 1) {
    await bench.clock.advance(1_000)
    push('b', { progress: 10 + second })
    await told('b', 10 + second)
  }
}
const lost = (): Promise<void> => until('it is lost', () => bench.state === 'reconnecting')
const remembered = (): string[] => bench.rows.filter((row) => row.remembered).map(({ id }) => id)

beforeEach(async () => {
  gateway = await ScriptedGateway.listen()
  stream = new ScriptedStream(gateway)
  for (const id of ['a', 'b', 'c']) gateway.put(wireJob({ id }))
})

afterEach(async () => {
  gateway.each((socket) => socket.resume())
  await bench.scope.close('test over')
  expect(bench.clock.armed).toBe(0)
  expect(bench.scope.size).toBe(0)
  await until('the server has no connection left', () => gateway.connections === 0)
  await gateway.close()
  expect(bench.logged.join('')).not.toContain('token-')
})

describe('the stream source', () => {
  it('shows all jobs over one socket, and every change of them', async () => {
    gateway.put(wireJob({ id: 'old', status: 'succeeded', progress: 100 }))
    open()
    await live()
    expect(bench.rows.map(({ id }) => id).sort()).toEqual(['a', 'b', 'c', 'old'])
    push('a', { progress: 30 })
    push('b', { progress: 40 })
    stream.push(wireJob({ id: 'new', seq: 1, progress: 5 }))
    await told('new', 5)
    expect([bench.row('a')?.progress, bench.row('b')?.progress]).toEqual([30, 40])
    expect(gateway.dials).toMatchObject([{ path: '/ws', token: 'token-1', form: 'header' }])
    expect(stream.resumed).toEqual([{ type: 'resume', parts: true }])
    expect(shown()).toEqual(['live'])
    expect(bench.source.view).toEqual({
      kind: 'stream',
      state: 'live',
      sockets: 1,
      nextTryAtMs: null,
      reason: null,
    })
  })

  it('F1: comes back after a drop with exactly what it missed, and the proof', async () => {
    open()
    await live()
    push('a', { progress: 20 })
    await told('a', 20)
    cut()
    await lost()
    expect(bench.source.view).toMatchObject({ reason: 'unreachable', sockets: 0 })
    for (const progress of [21, 22, 23]) stream.lose(after('b', { progress }))
    stream.lose(after('c', { status: 'failed' }))
    await bench.clock.advance(1_000)
    await live()
    expect(bench.source.view.gap).toEqual({ atMs: bench.clock.now(), recovered: 4, missing: 0 })
    expect(stream.resumed.at(-1)).toMatchObject({ epoch: 'e1', offset: 1 })
    expect([bench.row('b')?.progress, bench.row('c')?.status]).toEqual([23, 'failed'])
    expect(remembered()).toEqual([])
    expect(shown()).toEqual(['live', 'reconnecting', 'live'])
  })

  it('says so when nothing happened meanwhile', async () => {
    open()
    await live()
    bench.lose()
    cut()
    await lost()
    await bench.clock.advance(1_000)
    await live()
    expect(bench.source.view.gap).toMatchObject({ recovered: 0, missing: 0 })
    expect(remembered()).toEqual([])
  })

  it('counts what was recovered over as many dials as it takes', async () => {
    open()
    await live()
    cut()
    await lost()
    for (const progress of [21, 22, 23, 24, 25]) stream.lose(after('a', { progress }))
    const whole = gateway.onSocket
    gateway.onSocket = (socket) => {
      socket.send(JSON.stringify({ type: 'resumed', epoch: 'e1', offset: 0, missed: 5 }))
      for (const offset of [1, 2]) {
        const job = wireJob({ id: 'a', seq: 1 + offset, progress: 20 + offset })
        socket.send(JSON.stringify({ type: 'event', offset, job }))
      }
      socket.close(1012)
    }
    await bench.clock.advance(1_000)
    await told('a', 22)
    gateway.onSocket = whole
    await until('it waits', () => bench.source.view.nextTryAtMs !== null)
    expect(bench.source.view.gap).toBeUndefined()
    await redial()
    await live()
    expect(bench.source.view.gap).toMatchObject({ recovered: 5, missing: 0 })
  })

  it('does not claim that nothing is missing when it could not read an event', async () => {
    open()
    await live()
    cut()
    await lost()
    stream.lose(after('a', { progress: 21 }))
    stream.lose({ ...after('a'), progress: 1_000 })
    await bench.clock.advance(1_000)
    await live()
    expect(bench.source.view.gap).toMatchObject({ recovered: 1, missing: null })
  })

  it('goes on after a restart of the console from where it was', async () => {
    stream.push(after('a', { progress: 11 }))
    stream.push(after('b', { progress: 12 }))
    const positions = new Positions()
    positions.of('stream').write(() => '{"epoch":"e1","offset":1}')
    open({ position: positions.of('stream') })
    await live()
    expect(bench.source.view.gap).toMatchObject({ recovered: 1, missing: 0 })
    push('c', { progress: 13 })
    await told('c', 13)
    expect(positions.of('stream').read()).toBe('{"epoch":"e1","offset":3}')
  })

  it('F52: tells a hole at once, doubts its rows, and has what was missing within 2 s', async () => {
    open()
    await live()
    push('c', { status: 'succeeded', progress: 100 })
    await told('c', 100)
    stream.lose(after('a', { progress: 50 }))
    push('b', { progress: 60 })
    await lost()
    expect(bench.source.view.reason).toBe('server_error')
    expect(remembered().sort()).toEqual(['a', 'b'])
    expect(bench.row('b')?.progress).toBe(10)
    await bench.clock.advance(2_000)
    await live()
    expect(stream.resumed.at(-1)).toMatchObject({ epoch: 'e1', offset: 1 })
    expect([bench.row('a')?.progress, bench.row('b')?.progress]).toEqual([50, 60])
    expect(remembered()).toEqual([])
    expect(bench.source.view.gap).toMatchObject({ recovered: 2, missing: 0 })
  })

  it('F52: looks for a hole that no later event follows, and has what was missing', async () => {
    open()
    await live()
    await listed()
    stream.lose(after('a', { status: 'succeeded', progress: 100 }))
    await bench.clock.advance(9_000)
    await listed(2)
    expect(bench.row('a')?.status).toBe('running')
    await bench.clock.advance(4_000)
    await lost()
    await redial()
    await live()
    expect(stream.resumed.at(-1)).toMatchObject({ epoch: 'e1', offset: 0 })
    expect(bench.row('a')?.status).toBe('succeeded')
    expect(remembered()).toEqual([])
    expect(bench.source.view.gap).toMatchObject({ recovered: 1, missing: 0 })
  })

  it('F52: trusts no history in which an event of one job is missing', async () => {
    open()
    await live()
    stream.push({ ...after('a', { progress: 50 }), seq: 9 })
    await lost()
    expect(bench.row('a')).toMatchObject({ progress: 50, seq: 9 })
    await bench.clock.advance(2_000)
    await live()
    expect(stream.resumed.at(-1)).toEqual({ type: 'resume', parts: true })
    expect(bench.source.view.gap).toMatchObject({ missing: null })
  })

  it('F52: waits longer and longer with a server that leaves a hole each time', async () => {
    open()
    await live()
    const whole = gateway.onSocket
    gateway.onSocket = (socket, id, seen) => {
      whole?.(socket, id, seen)
      socket.on('message', () => {
        socket.send(JSON.stringify({ type: 'event', offset: 99, job: wireJob({ id: 'a' }) }))
      })
    }
    cut()
    const waits: number[] = []
    for (let dial = 2; dial <= 8; dial += 1) {
      waits.push(await redial())
      await dials(dial)
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000])
    gateway.onSocket = whole
    await redial()
    await live()
    expect(bench.source.view.gap).toMatchObject({ recovered: 0, missing: 0 })
  })

  it('F53: replaces what it knew when the history is another one', async () => {
    stream.push({ ...after('a', { progress: 80 }), seq: 50 })
    open()
    await live()
    stream.push({ ...after('a', { progress: 85 }), seq: 51 })
    await told('a', 85)
    cut()
    await lost()
    stream.restart('e2', [wireJob({ id: 'a', seq: 3, progress: 20 }), wireJob({ id: 'z' })])
    await bench.clock.advance(1_000)
    await live()
    expect(bench.rows.map(({ id, seq, progress }) => [id, seq, progress])).toEqual([
      ['a', 3, 20],
      ['z', 1, 10],
    ])
    expect(bench.source.view.gap).toMatchObject({ recovered: 0, missing: null })
    push('a', { progress: 21 })
    await told('a', 21)
    expect(bench.desk.dropped).toBe(0)
  })

  it('F51: what is told twice changes nothing', async () => {
    open()
    await live()
    push('a', { progress: 70 })
    await told('a', 70)
    stream.say({ type: 'event', offset: 1, job: wireJob({ id: 'a', seq: 2, progress: 99 }) })
    push('b', { progress: 71 })
    await told('b', 71)
    expect(bench.row('a')?.progress).toBe(70)
    expect(shown()).toEqual(['live'])
  })

  it('says that it cannot know when the server remembers no more, and finds every end', async () => {
    open()
    await live()
    await listed()
    cut()
    await lost()
    stream.kept = 0
    push('a', { progress: 33 })
    gateway.jobs.delete('c')
    const snapshotOf = stream.snapshot.bind(stream)
    // As ours: it names what is not over, or was lately.
    stream.snapshot = (socket) => {
      const over = { ...gateway.jobs.get('b')!, seq: 7, status: 'failed' as const }
      gateway.jobs.delete('b')
      snapshotOf(socket)
      gateway.put(over)
    }
    await bench.clock.advance(1_000)
    await live()
    expect(bench.source.view.gap).toMatchObject({ recovered: 1, missing: null })
    await until('the end is shown', () => bench.row('b')?.status === 'failed')
    await until('what is gone is gone', () => bench.row('c') === undefined)
    expect(bench.row('a')?.progress).toBe(33)
  })

  it('is still owed the list of what is over when it is back before that could be read', async () => {
    gateway.put(wireJob({ id: 'over', status: 'succeeded', progress: 100 }))
    stream.omits = ['over']
    gateway.onHttp = () => ({ status: 503 })
    open()
    await live()
    cut()
    await redial()
    await live()
    gateway.onHttp = () => undefined
    await bench.clock.advance(4_000)
    await until('what is over is shown', () => bench.row('over') !== undefined)
  })

  it('keeps a job that began while an older list was read', async () => {
    let answer: (() => void) | null = null
    const list = JSON.stringify({ jobs: [...gateway.jobs.values()], next_cursor: null })
    const slow: typeof fetch = async (input, init) => {
      const url = input instanceof Request ? input.url : String(input)
      if (!url.includes('/api/v1/jobs')) return fetch(input, init)
      await new Promise<void>((resolve) => (answer = resolve))
      return new Response(list, { headers: { 'content-type': 'application/json' } })
    }
    open({ fetch: slow })
    await live()
    stream.push(wireJob({ id: 'new', progress: 1 }))
    await told('new', 1)
    await until('the list is asked for', () => answer !== null)
    answer!()
    push('a', { progress: 12 })
    await told('a', 12)
    await until('the list is read', () => !bench.clock.delays.includes(10_000))
    expect(bench.rows.map(({ id }) => id).sort()).toEqual(['a', 'b', 'c', 'new'])
  })

  it('takes a snapshot in parts, and only whole', async () => {
    for (let n = 0; n < 250; n += 1) gateway.put(wireJob({ id: `j${n}` }))
    stream.partSize = 100
    open()
    await live()
    expect(bench.rows).toHaveLength(253)
    gateway.onSocket = (socket) => {
      const jobs = [wireJob({ id: 'a', seq: 9, progress: 99 })]
      const said = { type: 'snapshot', epoch: 'e1', offset: 7, jobs, more: true }
      socket.send(JSON.stringify(said), () => socket.close(1012))
    }
    cut()
    await lost()
    await bench.clock.advance(1_000)
    await dials(2)
    await until('it waits', () => bench.source.view.nextTryAtMs !== null)
    expect(bench.row('a')?.progress).toBe(10)
    expect(bench.rows).toHaveLength(253)
  })

  it('dials anew when the last part of its first snapshot does not come', async () => {
    for (let each = 0; each < 150; each += 1) gateway.put(wireJob({ id: `job-${each}` }))
    stream.partSize = 100
    stream.losesLastParts = 1
    open()
    await until('it was asked for', () => stream.resumed.length === 1)
    stream.say({ type: 'progress', job_id: 'a', ...after('a', { progress: 12 }) })
    await told('a', 12)
    await bench.clock.advance(9_999)
    expect(gateway.dials).toHaveLength(1)
    expect(bench.state).not.toBe('live')
    await bench.clock.advance(1)
    await redial()
    await live()
    expect(bench.rows).toHaveLength(153)
    expect(gateway.dials).toHaveLength(2)
  })

  it('F21: a message beyond 1 MiB ends the socket, and five of them the source', async () => {
    gateway.onSocket = (socket) => socket.send(`"${'x'.repeat(1024 * 1024)}"`)
    open()
    for (let dial = 2; dial <= 5; dial += 1) {
      await redial()
      await dials(dial)
    }
    await until('it stopped', () => bench.state === 'stopped')
    expect(bench.source.stopped).toBe('protocol_error')
  })

  it('F61: stops listening to a server that keeps naming another tenant', async () => {
    open()
    await live()
    for (const seq of [1, 2, 3]) stream.push(wireJob({ id: 'theirs', tenant_id: 'globex', seq }))
    await until('it stopped', () => bench.state === 'stopped')
    expect(bench.source.stopped).toBe('protocol_error')
    expect(bench.desk.dropped).toBe(3)
    expect(JSON.stringify(bench.published)).not.toContain('globex')
  })

  it('F64: drops and counts what it does not understand, and goes on', async () => {
    open()
    await live()
    stream.say('{')
    stream.say({ type: 'weather' })
    gateway.each((socket) => socket.send(Buffer.from([1, 2, 3])))
    push('a', { progress: 18 })
    await told('a', 18)
    expect(bench.desk.dropped).toBe(3)
    expect(shown()).toEqual(['live'])
  })

  it.each([
    ['the upgrade', () => (gateway.onUpgrade = () => ({ status: 404 }))],
    ['the close', () => (gateway.onSocket = (socket) => socket.close(4404))],
  ])('stops with the reason when there is no stream, said at %s', async (_where, act) => {
    act()
    open()
    await until('it stopped', () => bench.state === 'stopped')
    expect(bench.source.stopped).toBe('not_served')
    await bench.clock.advance(60_000)
    expect(gateway.dials).toHaveLength(1)
  })

  it('I14: calls nothing live that was silent for 12 s, and nothing remembered that stayed whole', async () => {
    open()
    await live()
    bench.clock.stall(13_000)
    await bench.clock.advance(0)
    await until('it is silent', () => bench.state === 'reconnecting')
    bench.lose()
    expect(remembered()).toEqual(['a', 'b', 'c'])
    // The timer was late, so the peer is asked once more, and answers.
    await live()
    expect(gateway.dials).toHaveLength(1)
    expect(remembered()).toEqual([])
  })
})

describe('a renewed token', () => {
  it('F32: is taken on the open socket, without a dial', async () => {
    open()
    await live()
    await renew()
    await until('it was offered', () => stream.said.some(({ type }) => type === 'auth'))
    expect(stream.said.at(-1)).toEqual({ type: 'auth', token: 'token-2' })
    push('a', { progress: 44 })
    await told('a', 44)
    await bench.clock.advance(10_000)
    expect(gateway.dials).toHaveLength(1)
    expect(shown()).toEqual(['live'])
  })

  it.each([
    ['refused', 'refuse', 0],
    ['not answered for 10 s', 'ignore', 10_000],
  ] as const)('F32: is handed over when it is %s, and nothing is lost', async (_what, auth, ms) => {
    stream.auth = auth
    open()
    await live()
    let progress = 10
    const push1 = (): void => push('a', { progress: (progress += 0.5) })
    push1()
    await renew()
    await until('it was offered', () => stream.said.some(({ type }) => type === 'auth'))
    push1()
    await until('it is read', () => bench.row('a')?.progress === progress)
    await bench.clock.advance(ms)
    for (let n = 0; n < 20; n += 1) {
      push1()
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    await until('one is left', () => stream.tokens.join() === 'token-2')
    push1()
    await told('a', progress)
    expect(bench.row('a')?.seq).toBe(1 + stream.offset)
    expect(gateway.dials.map(({ token }) => token)).toEqual(['token-1', 'token-2'])
    expect(shown()).toEqual(['live'])
    expect(bench.source.view.gap).toBeUndefined()
  })

  it('F32: shows nothing but live when the old socket is closed at expiry', async () => {
    stream.auth = 'ignore'
    open()
    await live()
    const whole = gateway.onSocket
    // The successor is up, and is not answered yet.
    let answer: (() => void) | null = null
    gateway.onSocket = (successor, id, seen) => {
      gateway.each((socket) => socket === successor || socket.close(1008, 'token_expired'))
      successor.once('message', (data: Buffer) => {
        answer = () => {
          whole?.(successor, id, seen)
          successor.emit('message', data)
        }
      })
    }
    await renew()
    await until('it was offered', () => stream.said.some(({ type }) => type === 'auth'))
    await bench.clock.advance(10_000)
    await until('only the successor is left', () => gateway.connections === 1 && answer !== null)
    expect(bench.source.view).toMatchObject({ state: 'live', sockets: 1 })
    answer!()
    push('a', { progress: 90 })
    await told('a', 90)
    expect(stream.tokens).toEqual(['token-2'])
    expect(shown()).toEqual(['live'])
    expect(bench.tokens.renewals).toBe(1)
  })
})

describe('a server that neither resumes nor begins with a snapshot', () => {
  beforeEach(() => {
    stream.resumes = false
  })

  it('is listened to from the first moment, and its list read after 2.5 s', async () => {
    open()
    await until('it is open', () => bench.source.view.sockets === 1)
    push('a', { progress: 15 })
    await told('a', 15)
    expect(bench.state).toBe('connecting')
    expect(gateway.requests).toHaveLength(0)
    await bench.clock.advance(2_500)
    await live()
    expect(bench.rows.map(({ id, progress }) => [id, progress]).sort()).toEqual([
      ['a', 15],
      ['b', 10],
      ['c', 10],
    ])
    expect(bench.source.view.gap).toBeUndefined()
  })

  it('is asked every 30 s, since it proves nothing', async () => {
    open()
    await until('it is open', () => bench.source.view.sockets === 1)
    await bench.clock.advance(2_500)
    await live()
    gateway.put(after('a', { progress: 77 }))
    await seconds(30)
    await told('a', 77)
    await listed(2)
  })

  it('makes no proof out of an interruption', async () => {
    open()
    await until('it is open', () => bench.source.view.sockets === 1)
    await bench.clock.advance(2_500)
    await live()
    await listed()
    cut()
    await lost()
    gateway.put(after('a', { status: 'failed' }))
    await bench.clock.advance(1_000)
    await live()
    expect(bench.row('a')?.status).toBe('failed')
    expect(bench.source.view.gap).toMatchObject({ recovered: 0, missing: null })
  })

  it('is told the truth about when its list cannot be had', async () => {
    gateway.onHttp = () => ({ status: 503 })
    open()
    await until('it is open', () => bench.source.view.sockets === 1)
    await bench.clock.advance(2_500)
    await until('it says why', () => bench.source.view.reason === 'server_error')
    expect(bench.source.view).toMatchObject({ state: 'reconnecting', sockets: 1 })
    gateway.onHttp = () => undefined
    await bench.clock.advance(3_000)
    await live()
  })

  it('may have nothing but its socket', async () => {
    gateway.onHttp = () => ({ status: 404 })
    open()
    await until('it is open', () => bench.source.view.sockets === 1)
    await bench.clock.advance(2_500)
    await live()
    stream.say({ job_name: 'nightly', state: 'processing', percentage: 12 })
    await told('nightly', 12)
  })

  it('is handed over to a successor when the token is renewed', async () => {
    stream.auth = 'ignore'
    open()
    await until('it is open', () => bench.source.view.sockets === 1)
    await bench.clock.advance(2_500)
    await live()
    await renew()
    await until('it was offered', () => stream.said.some(({ type }) => type === 'auth'))
    await seconds(10)
    await until('both are up', () => stream.tokens.length === 2)
    push('a', { progress: 31 })
    await told('a', 31)
    await until('one is left', () => stream.tokens.join() === 'token-2')
    expect(shown()).toEqual(['live'])
  })
})
