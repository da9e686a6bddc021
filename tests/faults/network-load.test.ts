import { describe, expect } from 'vitest'
import { backoffMs } from '../../src/main/sources/backoff.ts'
import { ConnectionBench } from '../support/connection-bench.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { fault } from '../support/fault.ts'
import { LiveSource } from '../support/live-source.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { until } from '../support/until.ts'
import { wireJob } from '../support/wire-jobs.ts'

/** Most of them that lie within `windowMs`, wherever that begins. */
function mostWithin(times: readonly number[], windowMs: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  let first = 0
  let most = 0
  for (const [at, time] of sorted.entries()) {
    while (time - (sorted[first] ?? 0) >= windowMs) first += 1
    most = Math.max(most, at - first + 1)
  }
  return most
}

const clients = 1_000
const seed = Number(process.env.FC_SEED)

describe('many at once', () => {
  fault(29, 'a restart drops 1,000 clients: they come back spread, and soon', () => {
    let worst = 0
    let longestMean = 0
    for (let restart = 0; restart < 200; restart += 1) {
      const random = seededRandom(seed + restart)
      const delays = Array.from({ length: clients }, () =>
        backoffMs({ failures: 0, minDelayMs: 0, random }),
      )
      worst = Math.max(worst, mostWithin(delays, 100))
      longestMean = Math.max(longestMean, delays.reduce((sum, one) => sum + one) / clients)
    }
    expect(worst).toBeLessThanOrEqual(clients / 10)
    expect(longestMean).toBeLessThanOrEqual(1_100)
    return `200 restarts: at most ${((worst / clients) * 100).toFixed(1)} % in 100 ms, mean wait at most ${Math.round(longestMean)} ms`
  })

  fault(
    29,
    'the same with the connections themselves, also when the server asks for a pause',
    async () => {
      const shares: number[] = []
      for (const retryAfterMs of [null, 5_000]) {
        const clock = new FakeClock()
        const random = seededRandom(seed)
        const benches = Array.from(
          { length: clients },
          () => new ConnectionBench({ clock, random }),
        )
        for (const bench of benches) bench.connection.start()
        await settle()
        for (const { sockets } of benches) sockets.last.end({ status: 503, retryAfterMs })
        const due = clock.delays
        expect(due).toHaveLength(clients)
        expect(Math.min(...due)).toBeGreaterThanOrEqual(retryAfterMs ?? 0)
        shares.push(mostWithin(due, 100))
        await Promise.all(benches.map(({ scope }) => scope.close('test over')))
      }
      expect(Math.max(...shares)).toBeLessThanOrEqual(clients / 10)
      return `1,000 connections: at most ${Math.max(...shares) / 10} % in 100 ms, Retry-After or not`
    },
  )

  fault(27, '10,000 messages in a second: ten updates a job, and every end', async () => {
    const ids = Array.from({ length: 10 }, (_, index) => `job-${index}`)
    await using line = await LiveSource.live({ jobs: ids.map((id) => wireJob({ id })) })
    const { bench, gateway } = line
    bench.desk.open(1)
    let read = 0
    const updates = new Map<string, number[]>()
    const ends = new Set<string>()
    const paint = (): void => {
      const unread = bench.published.slice(read).filter(({ windowId }) => windowId === 1)
      read = bench.published.length
      for (const { rows, batch } of unread) {
        for (const { id, status } of rows) {
          updates.set(id, [...(updates.get(id) ?? []), bench.clock.monotonic()])
          if (status === 'succeeded') ends.add(id)
        }
        bench.desk.acknowledge(1, batch)
      }
    }
    let messages = 0
    for (let step = 1; step <= 100; step += 1) {
      for (let one = 0; one < 10; one += 1) {
        for (const id of ids) gateway.push(id, { progress: 10 + step * 0.8 })
        messages += ids.length
      }
      const last = gateway.jobs.get('job-9')?.seq
      await until('they are heard', () => bench.row('job-9')?.seq === last)
      await bench.clock.advance(10)
      paint()
    }
    for (const id of ids) gateway.finish(id)
    await until('all ends are heard', () =>
      bench.rows.every(({ status }) => status === 'succeeded'),
    )
    await bench.clock.advance(200)
    paint()
    const most = Math.max(...[...updates.values()].map((times) => mostWithin(times, 1_000)))
    expect(most).toBeLessThanOrEqual(10)
    expect(ends.size).toBe(ids.length)
    expect(bench.desk.dropped).toBe(0)
    return `${messages} messages: ${most} updates a job and second, ${ends.size} of ${ids.length} ends`
  })
})

describe('a slow network', () => {
  fault(28, 'ten minutes at 1.5 s ± 1 s and 32 kB/s: nobody is called dead', async () => {
    await using line = await LiveSource.live({ frames: true })
    const { bench, gateway, proxy } = line
    const random = seededRandom(seed)
    // Half of it each way.
    proxy.slowness = { latencyMs: () => 250 + random() * 1_000, bytesPerSecond: 32_000 }
    let pushed = 0
    for (let second = 1; second <= 600; second += 1) {
      if (second % 30 === 0) gateway.push('job-1', { progress: (pushed += 1) })
      for (let step = 0; step < 10; step += 1) {
        await bench.clock.advance(100)
        await line.turn()
      }
    }
    const pongs = proxy.log.at('to-client').filter(({ frame }) => frame === 'pong').length
    expect(bench.shown).toEqual(['live'])
    expect(proxy.log.at('upgrade')).toHaveLength(1)
    expect(pongs).toBeGreaterThan(30)
    await line.passing('the last change is shown', () => bench.row()?.seq === 21)
    return `600 s: shown as ${bench.shown.join()}, 1 dial, ${pongs} pongs`
  })
})
