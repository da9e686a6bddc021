import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { JobHand, startTestGateway, type TestGateway } from '../../support/gateway.ts'

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

const pathOf = (job: string): string => `/ws/progress/${encodeURIComponent(job)}`

describe('a progress socket', () => {
  it('tells the state, every change in order, the end, and closes with 1000', async () => {
    const id = await hand.start(gateway.tenantOf(0))
    const watcher = gateway.open(pathOf(id), alice)
    await watcher.until(1)
    for (const percent of [10, 20, 30]) await hand.progress(id, percent)
    await hand.finish(id)

    expect(await watcher.ended).toEqual({ code: 1000, reason: 'finished' })
    expect(watcher.frames.map((frame) => frame.type)).toEqual([
      'snapshot',
      'progress',
      'progress',
      'progress',
      'finished',
    ])
    const [snapshot, ...rest] = watcher.frames
    expect(snapshot?.job).toMatchObject({ id, status: 'running', seq: 1, attempt: 1 })
    expect(rest.map((frame) => frame.seq ?? frame.job?.seq)).toEqual([2, 3, 4, 5])
    expect(rest[0]).toMatchObject({
      job_id: id,
      tenant_id: gateway.tenantOf(0),
      attempt: 1,
      progress: 10,
    })
    expect(Object.keys(rest[0]!).sort()).toEqual(
      [
        'attempt',
        'job_id',
        'job_name',
        'progress',
        'seq',
        'tenant_id',
        'type',
        'updated_at',
      ].sort(),
    )
    expect(watcher.frames.at(-1)?.job).toMatchObject({ status: 'succeeded', progress: 100 })
  })

  it('tells a job that is over as a snapshot and its end', async () => {
    const id = await hand.start(gateway.tenantOf(0))
    await hand.finish(id)
    const watcher = gateway.open(pathOf(id), alice)
    expect(await watcher.ended).toEqual({ code: 1000, reason: 'finished' })
    expect(watcher.frames.map((frame) => frame.type)).toEqual(['snapshot', 'finished'])
  })

  it('takes the name of a job, and means the one that is running', async () => {
    const name = 'Invoices de → en'
    const done = await hand.start(gateway.tenantOf(0), { name })
    await hand.finish(done)
    const running = await hand.start(gateway.tenantOf(0), { name })
    await hand.start(gateway.tenantOf(2), { name })
    const [frame] = await gateway.open(pathOf(name), alice).until(1)
    expect(frame?.job?.id).toBe(running)
  })

  it('shows the same to every admin of the tenant, by header and by query', async () => {
    const id = await hand.start(gateway.tenantOf(0))
    const amir = await gateway.signIn(1)
    const watchers = [gateway.open(pathOf(id), alice), gateway.open(pathOf(id), amir, 'query')]
    await Promise.all(watchers.map((watcher) => watcher.until(1)))
    await hand.progress(id, 40)
    await hand.finish(id)
    await Promise.all(watchers.map((watcher) => watcher.ended))
    expect(watchers[0]!.frames).toEqual(watchers[1]!.frames)
    expect(watchers[0]!.frames).toHaveLength(3)
  })

  it('answers a job of another tenant exactly as one that does not exist', async () => {
    const id = await hand.start(gateway.tenantOf(0))
    const foreign = gateway.open(pathOf(id), bea)
    const unknown = gateway.open(pathOf('job_nowhere'), bea)
    const hostile = gateway.open('/ws/progress/%2e%2e%2f%2e%2e%2fadmin', bea)
    const endings = await Promise.all([foreign.ended, unknown.ended, hostile.ended])
    for (const ending of endings) expect(ending).toEqual({ code: 4404, reason: 'job_unknown' })
    await hand.progress(id, 50)
    for (const socket of [foreign, unknown, hostile]) expect(socket.frames).toEqual([])
  })

  it('answers a ping that is a message, and nothing else that is said to it', async () => {
    const id = await hand.start(gateway.tenantOf(0))
    const watcher = gateway.open(pathOf(id), alice)
    await watcher.until(1)
    for (const text of ['{"type":"hello"}', 'ping', '{"type":"ping"}']) watcher.socket.send(text)
    expect((await watcher.until(2))[1]).toEqual({ type: 'pong' })
    await hand.finish(id)
    expect(await watcher.ended).toEqual({ code: 1000, reason: 'finished' })
    expect(watcher.frames.map(({ type }) => type)).toEqual(['snapshot', 'pong', 'finished'])
  })

  it('says when a job that is watched is deleted', async () => {
    const id = await hand.start(gateway.tenantOf(0))
    const watcher = gateway.open(pathOf(id), alice)
    await watcher.until(1)
    await gateway.backend.database.query('delete from public.jobs where id = $1', [id])
    expect(await watcher.ended).toEqual({ code: 4404, reason: 'job_unknown' })
  })

  it('goes on with the next attempt of an interrupted job', async () => {
    const id = await hand.start(gateway.tenantOf(0))
    const watcher = gateway.open(pathOf(id), alice)
    await watcher.until(1)
    await gateway.backend.database.query(
      `update public.jobs set status = 'queued', attempt = 2, worker = null, progress = 0 where id = $1`,
      [id],
    )
    const [, again] = await watcher.until(2)
    expect(again).toMatchObject({ type: 'progress', attempt: 2, seq: 1, status: 'queued' })
  })

  it('has no gap and no double between snapshot and stream while changes pour in', async () => {
    const id = await hand.start(gateway.tenantOf(0))
    const events = 400
    const writing = (async () => {
      for (let n = 1; n <= events; n += 1) await hand.progress(id, (n / events) * 99)
      await hand.finish(id)
    })()
    // Watchers come in at every moment of the stream.
    const watchers = []
    for (let n = 0; n < 40; n += 1) {
      const watcher = gateway.open(pathOf(id), alice, n % 2 === 0 ? 'header' : 'query')
      watchers.push(watcher)
      await Promise.race([once(watcher.socket, 'open'), watcher.ended])
    }
    await writing
    await Promise.all(watchers.map((watcher) => watcher.ended))
    const [row] = await gateway.backend.database.query<{ job: unknown }>(
      'select public.job_wire(j) as job from public.jobs j where id = $1',
      [id],
    )
    for (const { frames } of watchers) {
      const last = frames.at(-1)
      expect(last).toMatchObject({ type: 'finished', job: row?.job })
      // Played back, the frames make up the row as it stands in the table.
      const seqs = frames.map((frame) => frame.seq ?? frame.job?.seq ?? 0)
      if (frames[1]?.type === 'finished' && seqs[0] === seqs[1]) continue
      expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, at) => seqs[0]! + at))
    }
    expect(watchers.some(({ frames }) => frames.length > 10)).toBe(true)
  })
})
