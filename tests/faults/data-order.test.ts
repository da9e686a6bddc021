import { describe, expect } from 'vitest'
import { openStreamSource } from '../../src/main/sources/stream-source.ts'
import { fault } from '../support/fault.ts'
import { LiveSource } from '../support/live-source.ts'
import { ScriptedStream } from '../support/scripted-stream.ts'
import { until } from '../support/until.ts'
import { wireJob } from '../support/wire-jobs.ts'

const idsOf = ({ bench }: LiveSource): string[] => bench.rows.map(({ id }) => id).sort()
/** Everything that the window was ever told of the progress of a job. */
function shownOf({ bench }: LiveSource): () => number[] {
  const shown: number[] = [bench.row()?.progress ?? 0]
  return () => {
    const now = bench.row()?.progress ?? 0
    if (now !== shown.at(-1)) shown.push(now)
    return shown
  }
}
const said = (fields: object): string =>
  JSON.stringify({ type: 'progress', job_id: 'job-1', tenant_id: 'acme', attempt: 1, ...fields })

describe('jobs that the server does not know', () => {
  fault(
    50,
    '4404: the job is forgotten, its socket closed, and nothing is asked again',
    async () => {
      await using line = await LiveSource.live({ jobs: ['a', 'b'].map((id) => wireJob({ id })) })
      const { bench, gateway, proxy } = line
      await until('both are shown', () => bench.rows.length === 2)
      gateway.jobs.delete('a')
      gateway.each((socket, id) => {
        if (id === 'a') socket.terminate()
      })
      await line.passing('it is forgotten', () => bench.row('a') === undefined)
      await line.rounds(4)
      const dials = proxy.log.at('upgrade').filter(({ path }) => path?.endsWith('a'))
      expect(dials).toHaveLength(2)
      expect(idsOf(line)).toEqual(['b'])
      expect(gateway.connections).toBe(1)
      return `${dials.length - 1} dial that was told so, none in four rounds after it; 0 rows of it`
    },
  )
})

describe('events in another order', () => {
  fault(51, 'twice, and out of order: the newest is kept', async () => {
    await using line = await LiveSource.live({ frames: true })
    const { bench, proxy } = line
    for (const seq of [2, 3, 5, 4, 5, 3, 6]) {
      proxy.inject('client', said({ seq, progress: seq * 10, message: `event ${seq}` }))
    }
    await until('the last is shown', () => bench.row()?.seq === 6)
    expect(bench.row()).toMatchObject({ seq: 6, progress: 60, message: 'event 6' })
    return `7 events of 5, shown: event ${bench.row()?.seq ?? 0}`
  })

  fault(52, 'one is missing on a socket of one job: marked, and asked for within 2 s', async () => {
    await using line = await LiveSource.live({ frames: true })
    const { bench, gateway, proxy } = line
    await line.rounds(1)
    await until('the round is over', () => bench.clock.delays.includes(3_000))
    proxy.rule({ on: 'to-client' }, { act: 'drop' })
    gateway.push('job-1', { message: 'lost' })
    gateway.push('job-1', { progress: 60 })
    await until('the next is shown', () => bench.row()?.seq === 3)
    expect(bench.row()).toMatchObject({ remembered: true, progress: 60, message: null })
    const holeAtMs = bench.clock.monotonic()
    await line.passing('it is true again', () => bench.row()?.remembered === false)
    const tookMs = bench.clock.monotonic() - holeAtMs
    expect(tookMs).toBeLessThanOrEqual(2_000)
    expect(proxy.log.at('to-client', 'drop')).toHaveLength(1)
    return `marked at once, true again after ${tookMs} ms`
  })

  fault(
    52,
    'one is missing on the stream: doubted at once, and there within 2 s, with proof',
    async () => {
      let stream: ScriptedStream | null = null
      await using line = await LiveSource.live({
        open: openStreamSource,
        frames: true,
        arrange: (gateway) => (stream = new ScriptedStream(gateway)),
      })
      const { bench, proxy } = line
      proxy.rule({ on: 'to-client' }, { act: 'drop' })
      stream!.push(wireJob({ seq: 2, message: 'lost' }))
      stream!.push(wireJob({ seq: 3, message: 'heard', progress: 60 }))
      await until('the hole is seen', () => bench.state === 'reconnecting')
      expect(bench.row()?.remembered).toBe(true)
      const holeAtMs = bench.clock.monotonic()
      await line.passing('it is whole again', () => bench.state === 'live')
      const tookMs = bench.clock.monotonic() - holeAtMs
      expect(tookMs).toBeLessThanOrEqual(2_000)
      expect(bench.row()).toMatchObject({ seq: 3, progress: 60, remembered: false })
      const { gap } = bench.source.view
      expect(gap).toMatchObject({ recovered: 2, missing: 0 })
      return `stream: whole after ${tookMs} ms; ${gap?.recovered ?? 0} recovered, ${gap?.missing ?? 'unknown'} missing`
    },
  )
})

describe('numbers that begin again', () => {
  fault(
    53,
    'on sockets of one job: what was known is replaced, and goes on from there',
    async () => {
      await using line = await LiveSource.live({ jobs: [wireJob({ seq: 50, progress: 80 })] })
      const { bench, gateway } = line
      await until('it is shown', () => bench.row()?.seq === 50)
      // The server is set back to an older copy of its data, and begins again.
      gateway.epoch = 'e2'
      gateway.put(wireJob({ seq: 3, progress: 20, message: 'from the copy' }))
      gateway.each((socket) => socket.terminate())
      await line.passing('it is what the server has', () => bench.row()?.seq === 3)
      expect(bench.row()).toMatchObject({ progress: 20, message: 'from the copy' })
      await line.reached('live', 1)
      gateway.push('job-1', { progress: 25 })
      await until('it goes on', () => bench.row()?.progress === 25)
      return `seq 50 to 3 and on to ${bench.row()?.seq ?? 0}, progress ${bench.row()?.progress ?? 0}`
    },
  )

  fault(53, 'on the stream: another epoch replaces what was known', async () => {
    let stream: ScriptedStream | null = null
    await using line = await LiveSource.live({
      open: openStreamSource,
      jobs: [wireJob({ seq: 50, progress: 80 })],
      arrange: (gateway) => {
        gateway.put(wireJob({ id: 'old', seq: 9 }))
        stream = new ScriptedStream(gateway)
      },
    })
    const { bench, gateway } = line
    await until('both are shown', () => bench.rows.length === 2)
    stream!.restart('e2', [wireJob({ seq: 3, progress: 20 })])
    gateway.each((socket) => socket.terminate())
    await line.passing('it is what the server has', () => bench.row()?.seq === 3)
    expect(idsOf(line)).toEqual(['job-1'])
    expect(bench.row()?.progress).toBe(20)
    return `epoch ${stream!.epoch}: seq 50 to ${bench.row()?.seq ?? 0}, ${bench.rows.length} of 2 rows left`
  })

  fault(54, 'beyond 2^53: not compared at all, but dropped and counted', async () => {
    await using line = await LiveSource.live({ frames: true })
    const { bench, proxy } = line
    const texts = ['9007199254740993', '1e400', '-1', '1.5', '"7"']
    for (const seq of texts) {
      proxy.inject('client', said({ progress: 99 }).replace('}', `,"seq":${seq}}`))
    }
    proxy.inject('client', said({ seq: Number.MAX_SAFE_INTEGER, progress: 30 }))
    await until('the last that can be told apart is shown', () => bench.row()?.progress === 30)
    expect(bench.desk.dropped).toBe(texts.length)
    expect(bench.row()?.seq).toBe(Number.MAX_SAFE_INTEGER)
    return `${bench.desk.dropped} of ${texts.length} dropped; 2^53-1 is taken`
  })
})

describe('progress that makes no sense', () => {
  fault(56, 'falls from 80 to 40: held, unless another attempt begins', async () => {
    await using line = await LiveSource.live()
    const { bench, gateway } = line
    const shown = shownOf(line)
    gateway.push('job-1', { progress: 80 })
    await until('it is shown', () => shown().includes(80))
    gateway.push('job-1', { progress: 40, message: 'again' })
    await until('it is heard', () => bench.row()?.message === 'again')
    expect(shown()).toEqual([10, 80])
    gateway.put(wireJob({ attempt: 2, seq: 0, progress: 0 }))
    gateway.push('job-1', { progress: 5 })
    await until('the attempt is shown', () => bench.row()?.attempt === 2)
    expect(shown()).toEqual([10, 80, 5])
    return `80, 40: ${shown()[1] ?? ''}; attempt 2: ${shown()[2] ?? ''}`
  })

  fault(57, 'runs on after its end: an end is an end, unless another attempt begins', async () => {
    await using line = await LiveSource.live({ frames: true })
    const { bench, proxy } = line
    proxy.inject('client', said({ seq: 2, status: 'succeeded', progress: 100 }))
    await until('it has ended', () => bench.row()?.status === 'succeeded')
    proxy.inject('client', said({ seq: 3, status: 'running', progress: 60 }))
    proxy.inject('client', said({ seq: 4, status: 'failed' }))
    proxy.inject('client', said({ seq: 5, attempt: 1, message: 'last' }))
    await until('all is heard', () => proxy.log.at('to-client').length === 1)
    await line.turn()
    expect(bench.row()).toMatchObject({ status: 'succeeded', progress: 100, attempt: 1 })
    proxy.inject('client', said({ seq: 1, attempt: 2, status: 'running', progress: 1 }))
    await until('it runs again', () => bench.row()?.attempt === 2)
    expect(bench.row()?.status).toBe('running')
    return 'succeeded stays; attempt 2 is running'
  })
})
