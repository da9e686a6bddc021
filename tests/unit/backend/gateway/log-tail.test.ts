import { describe, expect, it } from 'vitest'
import {
  LoggedChange,
  type ChangeLog,
  type LogHeads,
} from '../../../../src/backend/gateway/fan-out/change-log.ts'
import { readBatch, writeBatch } from '../../../../src/backend/gateway/fan-out/change-batch.ts'
import { LogTail } from '../../../../src/backend/gateway/fan-out/log-tail.ts'
import { createLog } from '../../../../src/backend/log.ts'
import { until } from '../../../support/until.ts'

const change = (position: number, tenantId: string, offset: number): LoggedChange =>
  new LoggedChange({
    position,
    tenantId,
    offset,
    jobId: 'j',
    attempt: 1,
    seq: 1,
    jobText: JSON.stringify({ id: 'j', tenant_id: tenantId }),
    changesText: '{}',
  })

/** A log in memory. */
class Rows implements Pick<ChangeLog, 'heads' | 'after'> {
  rows: LoggedChange[] = []
  fails = 0

  heads(): Promise<LogHeads> {
    return Promise.resolve({ position: 0, offsets: new Map() })
  }

  after(position: number): Promise<LoggedChange[]> {
    this.fails -= 1
    if (this.fails >= 0) return Promise.reject(new Error('gone'))
    return Promise.resolve(this.rows.filter((row) => row.position > position))
  }
}

async function begin() {
  const log = new Rows()
  const tail = new LogTail(
    log as unknown as ChangeLog,
    createLog('test', () => undefined),
  )
  const heard: (number | null)[] = []
  tail.subscribe((changes) => {
    heard.push(...(changes?.map((one) => one.position) ?? [null]))
  })
  await tail.start()
  return { log, tail, heard }
}

describe('the tail of the log', () => {
  it('takes each change once, from wherever it comes first', async () => {
    const { log, tail, heard } = await begin()
    const [a, b, c] = [change(1, 'x', 1), change(4, 'y', 1), change(5, 'x', 2)]
    expect(tail.offer(0, [a, b])).toBe(true)
    log.rows = [a, b, c]
    tail.ring()
    await until('the log was read', () => tail.position === 5)
    expect(tail.offer(1, [b, c])).toBe(true)
    expect(heard).toEqual([1, 4, 5])
    expect(tail.offsetOf('x')).toBe(2)
    await tail.close()
  })

  it('takes nothing that does not follow what it has', async () => {
    const { tail, heard } = await begin()
    expect(tail.offer(3, [change(4, 'x', 1)])).toBe(false)
    expect(tail.offer(0, [change(4, 'x', 2)])).toBe(false)
    expect(heard).toEqual([])
    await tail.close()
  })

  it('says so when changes are gone for good, and goes on behind them', async () => {
    const { log, tail, heard } = await begin()
    log.rows = [change(7, 'x', 5)]
    tail.ring()
    await until('it has noticed', () => heard.length > 0)
    expect(tail.offer(7, [change(8, 'x', 6)])).toBe(true)
    expect(heard).toEqual([null, 8])
    await tail.close()
  })

  it('tries again when the log cannot be read', async () => {
    const { log, tail, heard } = await begin()
    log.rows = [change(1, 'x', 1)]
    log.fails = 1
    tail.ring()
    await until('it has been read', () => heard.length > 0)
    expect(heard).toEqual([1])
    await tail.close()
  })
})

describe('a batch', () => {
  it('is read as it was written, and nothing else is read', () => {
    const batch = { after: 3, changes: [change(4, '__proto__', 1)] }
    expect(readBatch(writeBatch(batch))).toEqual(batch)
    const text = writeBatch(batch)
    for (const bad of [
      undefined,
      '',
      '[]',
      '{"after":3,"changes":[]}',
      text.replace('"after":3', '"after":-1'),
      text.replace('"tenantId":"__proto__"', '"tenantId":"other"'),
      text.replace('"changesText":"{}"', '"changesText":"{"'),
      text.replace('"jobId":"j"', '"jobId":"k"'),
    ]) {
      expect(readBatch(bad)).toBeNull()
    }
  })
})
