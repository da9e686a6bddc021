import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { fault } from '../support/fault.ts'
import { LiveSource } from '../support/live-source.ts'
import { until } from '../support/until.ts'
import { wireJob } from '../support/wire-jobs.ts'

const said = (fields: object): string =>
  JSON.stringify({ type: 'progress', job_id: 'job-1', tenant_id: 'acme', attempt: 1, ...fields })

/** Higher than any number that a test says before it. */
let marks = 0

/** Says all of it, and then something that is understood: when that is shown, all was read. */
async function say(line: LiveSource, texts: readonly string[]): Promise<void> {
  const { bench, proxy } = line
  for (const text of texts) proxy.inject('client', text)
  marks += 10_000
  const seq = marks
  proxy.inject('client', said({ seq, message: `mark ${seq}` }))
  await until('all of it is read', () => bench.row()?.message === `mark ${seq}`)
}

describe('values that make no sense', () => {
  const raw = ['"NaN"', 'null', '1e999', '-5', '250', '"50"', '[50]', '{}', 'true']
  fault(55, 'are dropped and counted, and the bar stays where it is', async () => {
    await using line = await LiveSource.live({ frames: true })
    await say(
      line,
      raw.map((value) => said({ seq: 9 }).replace('}', `,"progress":${value}}`)),
    )
    expect(line.bench.row()?.progress).toBe(10)
    expect(line.bench.desk.dropped).toBe(raw.length)
    return `${line.bench.desk.dropped} of ${raw.length} dropped, the bar at ${line.bench.row()?.progress ?? 0}`
  })

  fault(55, 'of any kind never move the bar out of its range or back', async () => {
    await using line = await LiveSource.live({ frames: true })
    const number = fc.oneof(
      fc.double(),
      fc.integer({ min: -300, max: 300 }),
      fc.constantFrom('50', 'NaN', null, true, [50], { a: 1 }),
    )
    const values = fc.sample(number, 500)
    let seq = 1
    let before = 10
    for (let at = 0; at < values.length; at += 25) {
      const texts = values.slice(at, at + 25).map((progress) => said({ seq: (seq += 1), progress }))
      await say(line, texts)
      seq = line.bench.row()?.seq ?? seq
      const progress = line.bench.row()?.progress ?? Number.NaN
      expect(progress).toBeGreaterThanOrEqual(before)
      expect(progress).toBeLessThanOrEqual(100)
      before = progress
    }
    return `${values.length} generated values: the bar only rose, within 0 and 100`
  })
})

describe('messages that are too much', () => {
  fault(58, '5 MB of text: refused by size, dialled again', async () => {
    await using line = await LiveSource.live({ frames: true })
    const { bench, proxy } = line
    const before = process.memoryUsage().arrayBuffers
    proxy.inject('client', said({ seq: 2, message: 'x'.repeat(5_000_000) }))
    await until('it is refused', () => bench.state === 'reconnecting')
    expect(bench.source.view.reason).toBe('protocol_error')
    expect(bench.row()?.message).toBeNull()
    await line.passing('it is live again', () => bench.state === 'live')
    // What the test itself holds of the message is counted in.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000)
    return `${bench.shown.join(', ')}; nothing of it shown`
  })

  fault(58, '10,000 brackets: dropped by depth, and the socket stays', async () => {
    await using line = await LiveSource.live({ frames: true })
    const { bench, proxy } = line
    const deep = '['.repeat(10_000) + ']'.repeat(10_000)
    await say(line, [deep, said({ seq: 9 }).replace('}', `,"message":${deep}}`)])
    expect(bench.desk.dropped).toBe(2)
    expect(proxy.log.at('upgrade')).toHaveLength(1)
    return `${bench.desk.dropped} of 2 dropped, still ${bench.state}`
  })

  fault(58, 'anything at all: nothing is thrown, and the socket stays', async () => {
    await using line = await LiveSource.live({ frames: true })
    const thrown: unknown[] = []
    const note = (error: unknown): void => void thrown.push(error)
    process.on('uncaughtException', note)
    process.on('unhandledRejection', note)
    const text = fc.oneof(fc.json({ maxDepth: 30 }), fc.string(), fc.string({ unit: 'binary' }))
    await say(
      line,
      fc.sample(text, 1_000).map((one) => one.toWellFormed()),
    )
    process.off('uncaughtException', note)
    process.off('unhandledRejection', note)
    expect(thrown).toEqual([])
    expect(line.proxy.log.at('upgrade')).toHaveLength(1)
    expect(line.bench.state).toBe('live')
    return `1,000 generated messages: ${thrown.length} thrown, still ${line.bench.state}`
  })
})

describe('keys that are traps', () => {
  fault(
    59,
    '__proto__, constructor and their kin: no prototype changes, no field is set',
    async () => {
      await using line = await LiveSource.live({ frames: true })
      const { bench } = line
      const before = Object.getOwnPropertyNames(Object.prototype)
      const traps = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']
      await say(
        line,
        traps.map((key, at) =>
          said({ seq: at + 2 }).replace('}', `,"${key}":{"progress":99,"status":"failed"}}`),
        ),
      )
      expect(bench.row()).toMatchObject({ progress: 10, status: 'running' })
      expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before)
      expect({}).not.toHaveProperty('progress')
      return `${traps.length} keys: prototype as before, progress ${bench.row()?.progress ?? 0}`
    },
  )

  fault(60, 'a key that comes twice: the tenant is compared after parsing', async () => {
    await using line = await LiveSource.live({ frames: true })
    const { bench } = line
    await say(line, [
      '{"type":"progress","tenant_id":"acme","attempt":1,"seq":2,"progress":99,"tenant_id":"globex"}',
      '{"type":"progress","tenant_id":"globex","attempt":1,"seq":3,"progress":20,"tenant_id":"acme"}',
    ])
    expect(bench.row()?.progress).toBe(20)
    expect(bench.desk.dropped).toBe(1)
    return 'the last one counts: ours, then theirs is dropped; theirs, then ours is taken'
  })
})

describe('what is not for us', () => {
  fault(
    61,
    'payloads of another tenant: dropped, and not listened to after the third',
    async () => {
      await using line = await LiveSource.live({ frames: true })
      const { bench, proxy, gateway } = line
      const foreign = said({ seq: 2, tenant_id: 'globex', progress: 99, name: 'Theirs' })
      await say(line, [foreign, foreign])
      expect(bench.state).toBe('live')
      proxy.inject('client', foreign)
      await until('it has stopped', () => bench.source.stopped !== null)
      expect(bench.desk.dropped).toBe(3)
      expect(bench.row()?.progress).toBe(10)
      expect(JSON.stringify([bench.published, bench.rows])).not.toMatch(/globex|Theirs/)
      await until('nothing is connected', () => gateway.connections === 0)
      return `${bench.desk.dropped} dropped, then stopped (${bench.source.stopped ?? ''}); nothing shown`
    },
  )

  fault(62, 'ids that lead elsewhere: neither dialled nor asked for nor shown', async () => {
    const ids = ['../../admin', 'a/b', 'a?b=c', 'a#b', '..', '.', 'a b', 'ä', 'x'.repeat(4_096)]
    await using line = await LiveSource.open({
      arrange: (gateway) => {
        gateway.onHttp = ({ path }) => {
          const jobs = [...ids, 'job-1']
          return path.endsWith('/status')
            ? { status: 200, body: JSON.stringify({ active_jobs: jobs }) }
            : undefined
        }
      },
    })
    await line.reached('live', 1)
    await line.rounds(2)
    const paths = new Set(line.gateway.dials.map(({ path }) => path))
    expect([...paths]).toEqual(['/ws/progress/job-1'])
    const asked = new Set(line.gateway.requests.map(({ path }) => path))
    expect(
      [...asked].filter((path) => !/^\/api\/v1\/(websocket\/status|jobs)$/.test(path)),
    ).toEqual([])
    expect(line.bench.rows.map(({ id }) => id)).toEqual(['job-1'])
    return `${ids.length} ids: 0 dialled, 0 asked for, 0 shown`
  })

  fault(62, 'ids that are odd but allowed: one segment each', async () => {
    const ids = ['a.b', 'A-1_2', '...', 'x'.repeat(128)]
    await using line = await LiveSource.live({ jobs: ids.map((id) => wireJob({ id })) })
    const paths = line.gateway.dials.map(({ path }) => path.split('/').slice(0, -1).join('/'))
    expect(new Set(paths)).toEqual(new Set(['/ws/progress']))
    expect(paths).toHaveLength(ids.length)
    return `${paths.length} odd ones: one segment each`
  })

  fault(64, 'binary frames and unknown kinds: dropped and counted, the socket stays', async () => {
    await using line = await LiveSource.live({ frames: true })
    const { bench, gateway, proxy } = line
    gateway.each((socket) => socket.send(Buffer.from([1, 2, 3])))
    await until('it is read', () => bench.desk.dropped === 1)
    await say(line, ['{"type":"advert"}', '{"type":7}', '[]', '42', 'null', ''])
    expect(bench.desk.dropped).toBe(7)
    expect(proxy.log.at('upgrade')).toHaveLength(1)
    return `${bench.desk.dropped} of 7 dropped, still ${bench.state}`
  })
})
