import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  JobHand,
  startTestGateway,
  type TestGateway,
  type TestSocket,
} from '../../support/gateway.ts'
import { until } from '../../support/until.ts'

let gateway: TestGateway
let job: string
let token: string

beforeAll(async () => {
  gateway = await startTestGateway({ limits: { highWaterBytes: 16 * 1024, behindMs: 8_000 } })
  job = await new JobHand(gateway.backend).start(gateway.tenantOf(0))
  token = await gateway.signIn(0)
})
afterAll(() => gateway.stop())

async function streaming(): Promise<TestSocket> {
  const stream = gateway.open('/ws?epoch=&offset=', token)
  await stream.until(1)
  return stream
}

/** Many events of two kilobytes: more than a connection takes without being read. */
async function flood(transactions: number): Promise<number> {
  const each = 100
  for (let n = 0; n < transactions; n += 1) {
    await gateway.backend.database.tx(async (inside) => {
      for (let m = 0; m < each; m += 1) {
        await inside.query('update public.jobs set message = $2 where id = $1', [
          job,
          `${n} ${m} ${'x'.repeat(1_900)}`,
        ])
      }
    })
  }
  return transactions * each
}

const connections = async (): Promise<number> => {
  const { body } = await gateway.get('/api/v1/websocket/status', token)
  return (body as { connections: number }).connections
}

describe('a peer that does not read', { timeout: 60_000 }, () => {
  it('is told what it missed once it reads again, and nobody waits for it', async () => {
    const [slow, quick] = [await streaming(), await streaming()]
    slow.socket.pause()
    // Within the time that a peer may be behind, and beyond what the channel remembers.
    const count = await flood(40)
    await until('the quick one has all', () => quick.frames.length > count)
    slow.socket.resume()
    await until('the slow one has all', () => slow.frames.length > count)
    const offsets = slow.frames.map((frame) => frame.offset)
    expect(offsets).toEqual(quick.frames.map((frame) => frame.offset))
    expect(slow.frames.filter((frame) => frame.type !== 'event')).toHaveLength(1)
    slow.socket.close()
    quick.socket.close()
    await Promise.all([slow.ended, quick.ended])
  })

  it('is closed when it stays away', async () => {
    await expect.poll(connections).toBe(0)
    const stream = await streaming()
    stream.socket.pause()
    expect(await connections()).toBe(1)
    await flood(60)
    await expect.poll(connections, { timeout: 25_000 }).toBe(0)
    stream.socket.terminate()
  })
})
