import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MemoryConsole } from '../support/memory-ports-console.ts'
import { wireJob } from '../support/wire-jobs.ts'

let desk: MemoryConsole

beforeEach(async () => {
  desk = new MemoryConsole()
  await desk.start()
  desk.servers.put(wireJob())
  await desk.signIn()
  desk.sockets.last.accept()
  desk.sockets.last.say({ type: 'snapshot', job: wireJob() })
  await desk.advance(1_000)
})

afterEach(async () => {
  await desk.app.close()
  await desk.settle()
  expect([desk.app.size, desk.clock.armed, desk.sockets.live]).toEqual([0, 0, 0])
})

const connection = async () => {
  const answer = await desk.ipc.call('workspaces:list')
  return answer.ok ? answer.value[0]?.connection : undefined
}
/** What carried a token since then, over HTTP and at dials. */
const sent = (from: { requests: number; dials: number }): number =>
  desk.servers.requests.slice(from.requests).filter(({ secret }) => secret).length +
  desk.sockets.all.length -
  from.dials
const mark = () => ({ requests: desk.servers.requests.length, dials: desk.sockets.all.length })

/** The hotel answers everything with its page, on sockets as well. */
async function enterHotel(): Promise<void> {
  desk.servers.gateway = 'portal'
  desk.servers.auth = 'portal'
  desk.sockets.last.end()
  await desk.advance(3_500)
  if (desk.sockets.last.state === 'connecting') desk.sockets.last.end({ status: 302 })
  await desk.settle()
}

describe('in a captive portal', () => {
  it('says so, and sends it no token but one a minute', async () => {
    await enterHotel()
    expect(await connection()).toMatchObject({ reason: 'captive_portal' })
    const since = mark()
    await desk.advance(50_000)
    expect(sent(since)).toBe(0)
    const looks = desk.servers.requests.slice(since.requests).map(({ path }) => path)
    expect(looks).toEqual(['/health', '/health', '/health', '/health', '/health'])
    await desk.advance(240_000)
    expect(sent(since)).toBeLessThanOrEqual(4)
    expect(await connection()).toMatchObject({ kind: 'offline', reason: 'captive_portal' })
  })

  it('is live again with the look that finds the server', async () => {
    await enterHotel()
    await desk.advance(25_000)
    desk.servers.gateway = 'well'
    desk.servers.auth = 'well'
    const since = mark()
    await desk.advance(10_000)
    expect(desk.sockets.all.length).toBe(since.dials + 1)
    desk.sockets.last.accept()
    desk.sockets.last.say({ type: 'snapshot', job: wireJob({ seq: 5, progress: 90 }) })
    await desk.advance(1_000)
    expect(await connection()).toMatchObject({ kind: 'live' })
  })

  it('looks at once when the computer moves to another network', async () => {
    await enterHotel()
    desk.servers.gateway = 'well'
    desk.network.where = 'office'
    const since = mark()
    await desk.advance(1_000)
    expect(desk.sockets.all.length).toBe(since.dials + 1)
  })

  it('F43: never takes its page for a refusal of the refresh token, and shows it one a minute at most', async () => {
    await enterHotel()
    desk.servers.gateway = 'well'
    const { presented } = desk.servers
    await desk.advance(3_600_000)
    const refreshes = desk.servers.requests.filter(({ path }) => path === '/auth/v1/token')
    // The sign-in, and one attempt a minute at most while the token could not be renewed.
    expect(refreshes.length).toBeLessThanOrEqual(5)
    expect(presented).toHaveLength(0)
    expect(desk.keychain.entries.size).toBeGreaterThan(0)
    desk.servers.auth = 'well'
    await desk.advance(10_500)
    expect(presented).toHaveLength(1)
    const answer = await desk.ipc.call('workspaces:list')
    expect(answer).toMatchObject({ value: [{ session: { kind: 'signed-in' } }] })
  })
})
