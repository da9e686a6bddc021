import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import {
  JobHand,
  startTestGateway,
  type Frame,
  type TestGateway,
  type TestGatewayOptions,
} from '../../support/gateway.ts'

let gateway: TestGateway

async function begin(options: TestGatewayOptions = {}) {
  gateway = await startTestGateway(options)
  const hand = new JobHand(gateway.backend)
  const job = await hand.start(gateway.tenantOf(0))
  return { hand, job, path: `/ws/progress/${job}` }
}
afterEach(() => gateway.stop())

const connections = async (token: string): Promise<unknown> => {
  const { body } = await gateway.get('/api/v1/websocket/status', token)
  return (body as { connections: number }).connections
}

describe('an open socket ends', () => {
  it('when its token expires, with the reason', async () => {
    const { path } = await begin({ auth: { tokenLifetimeSeconds: 2 } })
    const token = await gateway.signIn(0)
    const watcher = gateway.open(path, token)
    await watcher.until(1)
    expect(await watcher.ended).toEqual({ code: 1008, reason: 'token_expired' })
    const { exp } = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as {
      exp: number
    }
    expect(Date.now()).toBeGreaterThanOrEqual(exp * 1_000 - 5)
    // Within the leeway for clocks that differ, yet never live: it is told and closed at once.
    const late = await gateway.open(path, token).ended
    expect(late).toEqual({ code: 1008, reason: 'token_expired' })
  })

  it('when its session is ended, and no other socket does', async () => {
    const { path, hand, job } = await begin()
    const [first, second] = [await gateway.signIn(0), await gateway.signIn(0)]
    const [ending, staying] = [gateway.open(path, first), gateway.open(path, second)]
    await Promise.all([ending.until(1), staying.until(1)])
    expect(await connections(second)).toBe(2)

    await gateway.signOut(first)
    expect(await ending.ended).toEqual({ code: 1008, reason: 'session_revoked' })
    await hand.progress(job, 10)
    await staying.until(2)
    expect(staying.frames).toHaveLength(2)
    expect(await connections(second)).toBe(1)
    const again = await gateway.open(path, first).ended
    expect(again).toEqual({ code: 1008, reason: 'session_revoked' })
  })

  it('when the server goes, with 1001', async () => {
    const { path } = await begin()
    const watcher = gateway.open(path, await gateway.signIn(0))
    await watcher.until(1)
    await gateway.gateway.close()
    expect(await watcher.ended).toEqual({ code: 1001, reason: 'server_going' })
  })

  it('when its peer leaves two pings unanswered', async () => {
    const { path } = await begin({ limits: { pingIntervalMs: 30 } })
    const token = await gateway.signIn(0)
    const silent = gateway.open(path, token)
    await silent.until(1)
    // A peer that is there but gives no answer.
    silent.socket.pong = () => undefined
    silent.socket.on('ping', () => undefined)
    Object.assign(silent.socket, { _autoPong: false })
    const answering = gateway.open(path, token)
    await answering.until(1)
    expect((await silent.ended).code).toBe(1006)
    await once(answering.socket, 'ping')
    expect(answering.socket.readyState).toBe(answering.socket.OPEN)
  })

  it('when it talks too much, or in too large pieces', async () => {
    const { path } = await begin({ limits: { inboundPerMinute: 20 } })
    const token = await gateway.signIn(0)
    const talking = gateway.open(path, token)
    await talking.until(1)
    for (let n = 0; n <= 20; n += 1) talking.socket.send('{"type":"hello"}')
    expect(await talking.ended).toEqual({ code: 4429, reason: 'too_many_messages' })

    const large = gateway.open(path, token)
    await large.until(1)
    large.socket.send('x'.repeat(64 * 1024 + 1))
    expect((await large.ended).code).toBe(1009)
  })

  it('beyond the number that one user may have', async () => {
    const { path } = await begin({ limits: { socketsPerUser: 2 } })
    const token = await gateway.signIn(0)
    const open = [gateway.open(path, token), gateway.open(path, token)]
    await Promise.all(open.map((watcher) => watcher.until(1)))
    const third = gateway.open(path, token)
    expect(await third.ended).toEqual({ code: 4429, reason: 'too_many_sockets' })
  })
})

describe('without its database, the gateway', () => {
  it('says that it cannot tell, and refuses nobody', async () => {
    const { path } = await begin()
    const token = await gateway.signIn(0)
    const open = gateway.open(path, token)
    await open.until(1)
    await gateway.backend.close()
    const { status, body, headers } = await gateway.get('/api/v1/jobs', token)
    expect({ status, body }).toMatchObject({
      status: 503,
      body: { error: { code: 'verifier_unavailable' } },
    })
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await gateway.open(path, token).ended).code).toBe(503)
    expect(open.socket.readyState).toBe(open.socket.OPEN)
  })
})

describe('a stranger on the channel of notifications', () => {
  it('disturbs nobody', async () => {
    const { path, hand, job } = await begin()
    const watcher = gateway.open(path, await gateway.signIn(0))
    await watcher.until(1)
    for (const payload of ['', 'x', '{}', '[1]', 'job_nowhere']) {
      for (const channel of ['job_changes', 'job_deletions']) {
        await gateway.backend.database.query('select pg_notify($1, $2)', [channel, payload])
      }
    }
    await hand.progress(job, 50)
    await watcher.until(2)
    expect(watcher.frames[1]).toMatchObject({ type: 'progress', seq: 2 })
  })
})

const seqOf = (frame: Frame | undefined): number => frame?.seq ?? frame?.job?.seq ?? 0

describe('a slow peer', () => {
  /** So many events of 2 KB, one transaction each: more than the kernel buffers for a peer that does not read. */
  const pour = (job: string, events: number) =>
    gateway.backend.database.query(
      `do $$ begin for n in 1..${events} loop
         update public.jobs set message = repeat(chr(97 + n % 26), 1990) where id = '${job}';
         commit;
       end loop; end $$`,
    )

  it('gets the latest state instead of every change, and misses nothing that matters', async () => {
    const { path, hand, job } = await begin()
    const token = await gateway.signIn(0)
    const slow = gateway.open(path, token)
    const brisk = gateway.open(path, token)
    await Promise.all([slow.until(1), brisk.until(1)])
    slow.socket.pause()
    const events = 5_000
    await pour(job, events)
    while (seqOf(brisk.frames.at(-1)) !== events + 1) await once(brisk.socket, 'message')
    slow.socket.resume()
    while (seqOf(slow.frames.at(-1)) !== events + 1) await once(slow.socket, 'message')
    expect(slow.frames.at(-1)?.type).toBe('snapshot')
    expect(slow.frames.length).toBeLessThan(events)
    await hand.finish(job)
    await Promise.all([slow.ended, brisk.ended])
    for (const { frames } of [slow, brisk]) {
      let last = 0
      for (const frame of frames) {
        const seq = seqOf(frame)
        // Only a whole state may skip.
        if (frame.type === 'progress') expect(seq).toBe(last + 1)
        last = seq
      }
    }
    expect(slow.frames.at(-1)).toEqual(brisk.frames.at(-1))
  })

  it('is closed when it stays behind, and nobody else is', async () => {
    const { path, hand, job } = await begin({ limits: { behindMs: 0 } })
    const token = await gateway.signIn(0)
    const stuck = gateway.open(path, token)
    await stuck.until(1)
    stuck.socket.pause()
    await pour(job, 5_000)
    while ((await connections(token)) === 1) await hand.progress(job, Math.random() * 100)
    const brisk = gateway.open(path, token)
    await brisk.until(1)
    expect(await connections(token)).toBe(1)
    stuck.socket.resume()
    expect([1006, 1013]).toContain((await stuck.ended).code)
  })
})
