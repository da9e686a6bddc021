import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  JobHand,
  openSocket,
  startTestGateway,
  type Frame,
  type TestGateway,
  type TestSocket,
} from '../../support/gateway.ts'
import { until } from '../../support/until.ts'

let gateway: TestGateway
let hand: JobHand
let alice: string
let bea: string

beforeAll(async () => {
  gateway = await startTestGateway()
  hand = new JobHand(gateway.backend)
  alice = await gateway.signIn(0)
  bea = await gateway.signIn(2)
})
afterAll(() => gateway.stop())

/** Past its snapshot. */
async function streaming(token: string): Promise<TestSocket & { readonly snapshot: Frame }> {
  const stream = gateway.open('/ws?epoch=&offset=', token)
  const [snapshot] = await stream.until(1)
  expect(snapshot?.type).toBe('snapshot')
  return { ...stream, snapshot: snapshot! }
}

const say = (stream: TestSocket, message: object): void =>
  stream.socket.send(JSON.stringify(message))

const resumeAt = (token: string, at: Frame): TestSocket =>
  gateway.open(`/ws?epoch=${at.epoch}&offset=${at.offset}`, token)

const offsets = (frames: readonly Frame[]): (number | undefined)[] =>
  frames.map((frame) => frame.offset)

describe('a tenant stream', () => {
  it('tells where the jobs stand, and then every change with offset +1', async () => {
    const before = await hand.start(gateway.tenantOf(0))
    const stream = await streaming(alice)
    const { offset = -1, jobs = [] } = stream.snapshot
    expect(jobs.map((job) => job.id)).toContain(before)
    const id = await hand.start(gateway.tenantOf(0))
    await hand.progress(id, 40)
    await hand.say(id, 'half way')
    await hand.finish(id)
    const [, ...events] = await stream.until(5)
    expect(events.map((event) => event.type)).toEqual(Array(4).fill('event'))
    expect(offsets(events)).toEqual([1, 2, 3, 4].map((n) => offset + n))
    expect(events.map((event) => event.job?.seq)).toEqual([1, 2, 3, 4])
    expect(events.map((event) => event.job?.id)).toEqual(Array(4).fill(id))
    const { body } = await gateway.get(`/api/v1/jobs/${id}`, alice)
    expect(events.at(-1)?.job).toEqual(body)
    stream.socket.close()
  })

  it('waits for a resume, and begins with a snapshot when none comes', async () => {
    const quiet = gateway.open('/ws', alice)
    const [frame] = await quiet.until(1)
    expect(frame?.type).toBe('snapshot')
    quiet.socket.close()
  })

  it('begins at once when the client says that it knows nothing', async () => {
    const { epoch } = (await streaming(alice)).snapshot
    for (const said of [{}, { epoch: null, offset: null }, { epoch: 'another', offset: 3 }]) {
      const stream = gateway.open('/ws', alice)
      stream.socket.on('open', () => say(stream, { type: 'resume', ...said }))
      const [frame] = await stream.until(1)
      expect(frame).toMatchObject({ type: 'snapshot', epoch })
      stream.socket.close()
    }
  })

  it('comes in parts below 64 KiB for a client that takes them, and goes on after the last', async () => {
    const tenant = gateway.tenantOf(0)
    await gateway.backend.database.query(
      `insert into public.jobs (id, name, kind, tenant_id, queue, status, worker, started_at, message)
       select 'many_' || n, 'many', 'ETL', $1, 'by-hand', 'running', 'hand', clock_timestamp(), $2
       from generate_series(1, 150) as n`,
      [tenant, `line\n${'ü'.repeat(500)}`],
    )
    const whole = await streaming(alice)
    const stream = gateway.open('/ws', alice)
    const sizes: number[] = []
    stream.socket.on('message', (data: Buffer) => sizes.push(data.length))
    stream.socket.on('open', () => say(stream, { type: 'resume', parts: true }))
    await stream.until(1)
    await until('the last part is there', () => stream.frames.at(-1)?.more !== true)
    const { frames } = stream
    expect(frames.length).toBeGreaterThan(2)
    expect(Math.max(...sizes)).toBeLessThan(64 * 1024)
    expect(frames.map(({ type, offset }) => [type, offset])).toEqual(
      Array(frames.length).fill(['snapshot', whole.snapshot.offset]),
    )
    expect(frames.flatMap(({ jobs = [] }) => jobs)).toEqual(whole.snapshot.jobs)
    const before = frames.length
    await hand.progress('many_7', 11)
    await stream.until(before + 1)
    expect(frames.at(-1)).toMatchObject({ type: 'event', offset: (frames[0]?.offset ?? 0) + 1 })
    await gateway.backend.database.query("delete from public.jobs where name = 'many'")
    whole.socket.close()
    stream.socket.close()
  })

  it('tells what was missed, in order, and goes on', async () => {
    const stream = await streaming(alice)
    stream.socket.terminate()
    const id = await hand.start(gateway.tenantOf(0))
    for (const percent of [10, 20, 30]) await hand.progress(id, percent)
    const { epoch, offset = 0 } = stream.snapshot
    const back = gateway.open('/ws', alice)
    back.socket.on('open', () => say(back, { type: 'resume', epoch, offset }))
    await back.until(5)
    await hand.progress(id, 40)
    const [resumed, ...events] = await back.until(6)
    expect(resumed).toEqual({ type: 'resumed', epoch, offset, missed: 4 })
    expect(offsets(events)).toEqual([1, 2, 3, 4, 5].map((n) => offset + n))
    expect(events.map((event) => event.job?.progress)).toEqual([0, 10, 20, 30, 40])
    back.socket.close()
  })

  it('goes on from the numbers that the list of jobs names', async () => {
    const { body } = await gateway.get('/api/v1/jobs?limit=1', alice)
    const id = await hand.start(gateway.tenantOf(0))
    const stream = resumeAt(alice, body as Frame)
    const [resumed, event] = await stream.until(2)
    expect(resumed).toMatchObject({ type: 'resumed', missed: 1 })
    expect(event).toMatchObject({ offset: (body as Frame).offset! + 1, job: { id } })
    stream.socket.close()
  })

  it('begins anew where what was missed is gone, or was never there', async () => {
    const { snapshot, socket, until: told } = await streaming(alice)
    for (let n = 0; n < 5; n += 1) await hand.start(gateway.tenantOf(0))
    // The gateway has read them: what it lost of its own log it would tell everybody anew.
    await told(6)
    socket.close()
    const ahead = resumeAt(alice, { ...snapshot, offset: snapshot.offset! + 1_000 })
    expect((await ahead.until(1))[0]?.type).toBe('snapshot')
    ahead.socket.close()
    await gateway.backend.database.query(
      'delete from public.job_changes where tenant_id = $1 and "offset" <= $2',
      [gateway.tenantOf(0), snapshot.offset! + 2],
    )
    const [gone, kept] = [snapshot.offset!, snapshot.offset! + 2].map((offset) =>
      resumeAt(alice, { ...snapshot, offset }),
    )
    expect((await gone!.until(1))[0]).toMatchObject({
      type: 'snapshot',
      offset: snapshot.offset! + 5,
    })
    expect((await kept!.until(4))[0]).toMatchObject({ type: 'resumed', missed: 3 })
    gone!.socket.close()
    kept!.socket.close()
  })

  it('never tells of another tenant, in what form one may ask', async () => {
    const [own, foreign] = [await streaming(alice), await streaming(bea)]
    const stolen = resumeAt(bea, { ...own.snapshot, offset: 0 })
    expect((await stolen.until(1))[0]?.type).toBe('snapshot')
    await hand.progress(await hand.start(gateway.tenantOf(0)), 10)
    const secret = await hand.start(gateway.tenantOf(2))
    await Promise.all([own.until(3), foreign.until(2), stolen.until(2)])
    for (const { frames } of [foreign, stolen]) {
      const jobs = frames.flatMap((frame) => frame.jobs ?? frame.job ?? [])
      expect(new Set(jobs.map((job) => job.tenant_id))).toEqual(new Set([gateway.tenantOf(2)]))
      expect(frames.at(-1)).toMatchObject({ offset: foreign.snapshot.offset! + 1 })
    }
    expect(JSON.stringify(own.frames)).not.toContain(secret)
    for (const { socket } of [own, foreign, stolen]) socket.close()
  })

  it('numbers what a failed transaction would have done for nobody', async () => {
    const stream = await streaming(alice)
    const id = await hand.start(gateway.tenantOf(0))
    const { database } = gateway.backend
    const failing = database.tx(async (inside) => {
      await inside.query('update public.jobs set progress = 5 where id = $1', [id])
      await inside.query('set constraints all immediate')
      throw new Error('rolled back')
    })
    await expect(failing).rejects.toThrow('rolled back')
    await hand.progress(id, 6)
    const [, , event] = await stream.until(3)
    expect(event).toMatchObject({ offset: stream.snapshot.offset! + 2, job: { progress: 6 } })
    stream.socket.close()
  })
})

describe('what a client says', () => {
  it.each([
    ['no JSON', '{"type":', 1007, 'the message is not JSON'],
    ['no object', '[1]', 1007, 'message.type must be a string'],
    ['a resume from nowhere', '{"type":"resume","epoch":"e","offset":-1}', 1007, 'resume.offset'],
    ['a number as epoch', '{"type":"resume","epoch":1,"offset":1}', 1007, 'resume.epoch'],
    ['no token', '{"type":"auth","token":{"__proto__":{}}}', 1007, 'auth.token must be a string'],
    ['bytes', Buffer.from('{}'), 1003, 'text_only'],
  ])('is answered with a reason when it is %s', async (_what, said, code, reason) => {
    const stream = gateway.open('/ws', alice)
    stream.socket.on('open', () => stream.socket.send(said))
    const ending = await stream.ended
    expect(ending.code).toBe(code)
    if (said !== '[1]') expect(ending.reason).toContain(reason)
  })

  it('in the query is judged as well', async () => {
    expect(await gateway.open('/ws?epoch=e&offset=1e9', alice).ended).toEqual({
      code: 1007,
      reason: 'query.offset must be a whole number',
    })
  })

  it('may be a ping, for a client that has no ping frames', async () => {
    const stream = await streaming(alice)
    say(stream, { type: 'ping' })
    expect((await stream.until(2))[1]).toEqual({ type: 'pong' })
    stream.socket.close()
  })

  it('of a kind that is not known changes nothing, and a second resume comes too late', async () => {
    const stream = await streaming(alice)
    say(stream, { type: 'subscribe', channel: 'x' })
    say(stream, { type: 'resume', epoch: stream.snapshot.epoch, offset: 0 })
    const id = await hand.start(gateway.tenantOf(0))
    const [, event] = await stream.until(2)
    expect(event).toMatchObject({ type: 'event', job: { id } })
    stream.socket.close()
  })

  it('is limited in number', async () => {
    const stream = await streaming(alice)
    for (let n = 0; n < 130; n += 1) say(stream, { type: 'x' })
    expect(await stream.ended).toEqual({ code: 4429, reason: 'too_many_messages' })
  })
})

describe('who may stream', () => {
  it('is decided by the token, in header or query, with the reason at the close', async () => {
    const missing = gateway.open('/ws', null)
    expect(await missing.ended).toEqual({ code: 1008, reason: 'token_missing' })
    const key = gateway.open('/ws', gateway.backend.legacyAnonKey, 'query')
    expect(await key.ended).toEqual({ code: 1008, reason: 'token_wrong_kind' })
    const query = openSocket(`${gateway.url}/ws?epoch=&offset=`, alice, 'query')
    expect((await query.until(1))[0]?.type).toBe('snapshot')
    query.socket.close()
  })

  it('is written down, and no token with it', async () => {
    const written = (): Promise<{ email: string | null; result: string }[]> =>
      gateway.backend.database.query(
        `select distinct email, result from public.audit_log where action = 'stream.connect'`,
      )
    await expect
      .poll(written)
      .toContainEqual({ email: gateway.backend.users[0]!.email, result: 'accepted' })
    await expect.poll(written).toContainEqual({ email: null, result: 'token_missing' })
    expect(gateway.logLines.join('\n')).not.toContain(alice)
  })
})
