import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FakeSocket } from '../support/fake-socket.ts'
import { fault } from '../support/fault.ts'
import { MemoryConsole } from '../support/memory-ports-console.ts'
import { wireJob } from '../support/wire-jobs.ts'

const jobIds = ['job-1', 'job-2', 'job-3']
const tenMinutesMs = 600_000
let desk: MemoryConsole

beforeEach(async () => {
  desk = new MemoryConsole()
  await desk.start()
  for (const id of jobIds) desk.servers.put(wireJob({ id }))
  await desk.signIn()
  for (const id of jobIds) serve(id)
  await desk.advance(1_000)
  expect(await connection()).toMatchObject({ kind: 'live' })
})

afterEach(async () => {
  await desk.app.close()
  await desk.settle()
  expect([desk.app.size, desk.clock.armed, desk.sockets.live]).toEqual([0, 0, 0])
})

function serve(id: string): void {
  const [socket] = desk.sockets.to(id)
  socket!.accept()
  socket!.say({ type: 'snapshot', job: wireJob({ id }) })
}

const open = (): FakeSocket[] => desk.sockets.all.filter(({ state }) => state === 'open')
const pings = (): number[] => open().map((socket) => socket.pings)

const connection = async () => {
  const answer = await desk.ipc.call('workspaces:list')
  return answer.ok ? answer.value[0]?.connection : undefined
}

const wakes: readonly (readonly [string, () => Promise<void>])[] = [
  [
    'after ten minutes of sleep in which timers stood still',
    async () => {
      desk.clock.sleep(tenMinutesMs)
      desk.power.resume()
    },
  ],
  [
    'after ten minutes of sleep in which timers fell due',
    async () => {
      desk.clock.stall(tenMinutesMs)
      desk.power.resume()
    },
  ],
  [
    'when told twice',
    async () => {
      desk.clock.sleep(tenMinutesMs)
      desk.power.resume()
      await desk.advance(100)
      desk.power.resume()
    },
  ],
]

describe('waking', () => {
  for (const [when, wake] of wakes) {
    fault(
      65,
      `${when}: everything that seems open is asked, and nothing is live before it is heard`,
      async () => {
        const heardAtMs = desk.clock.now()
        await wake()
        await desk.advance(150)
        expect(pings().every((count) => count > 0)).toBe(true)
        const view = await connection()
        expect(view?.kind).not.toBe('live')
        // As old as it is: the sleep counts.
        const asOfMs = view !== undefined && 'asOfMs' in view ? (view.asOfMs ?? 0) : 0
        expect(Math.abs(asOfMs - heardAtMs)).toBeLessThan(1_500)
        for (const socket of open()) socket.pong()
        await desk.advance(1_000)
        expect(await connection()).toMatchObject({ kind: 'live' })
        expect(desk.sockets.all).toHaveLength(jobIds.length)
        return `${jobIds.length} of ${jobIds.length} asked within 250 ms; ${view?.kind ?? ''} until they answer, then live without a dial`
      },
    )

    fault(
      65,
      `${when}: what is dead is ended within 3 s, and it is live with new data within 5 s`,
      async () => {
        const old = open()
        await wake()
        await desk.advance(3_000)
        expect(old.map(({ state }) => state)).toEqual(['closed', 'closed', 'closed'])
        expect(desk.sockets.live).toBe(jobIds.length)
        for (const id of jobIds) {
          const [socket] = desk.sockets.to(id)
          socket!.accept()
          socket!.say({ type: 'snapshot', job: wireJob({ id, seq: 9, progress: 99 }) })
        }
        await desk.advance(1_000)
        expect(await connection()).toMatchObject({ kind: 'live' })
        return `${old.length} dead ended within 3 s; live with new data within 4 s`
      },
    )
  }
})

describe('roaming', () => {
  it('asks everything that seems open when the addresses change, and dials what waits', async () => {
    const before = pings()
    const [first] = open()
    first!.end()
    desk.network.where = 'train'
    await desk.advance(1_000)
    expect(pings()).toEqual(before.slice(1).map((count) => count + 1))
    expect(desk.sockets.all).toHaveLength(jobIds.length + 1)
  })

  it('I19: neither asks nor dials anew because the wall clock was set back', async () => {
    const before = pings()
    desk.clock.jump(-3_600_000)
    await desk.advance(5_000)
    expect(pings()).toEqual(before)
    expect(await connection()).toMatchObject({ kind: 'live' })
  })
})

describe('a token that died while the computer slept', () => {
  fault(38, 'is renewed before anything is asked or dialled with it', async () => {
    const since = desk.servers.requests.length
    desk.clock.sleep(2 * 3_600_000)
    desk.power.resume()
    await desk.advance(3_500)
    const asked = desk.servers.requests.slice(since)
    expect(asked.filter(({ path }) => path === '/auth/v1/token')).toHaveLength(1)
    expect(asked.length).toBeGreaterThan(1)
    expect(asked.map(({ status }) => status)).not.toContain(401)
    return `after two hours of sleep: renewed first, ${asked.length} requests, none refused`
  })
})
