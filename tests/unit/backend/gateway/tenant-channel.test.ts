import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JobChange } from '../../../../src/backend/gateway/feed.ts'
import {
  TenantChannel,
  type Follower,
} from '../../../../src/backend/gateway/stream/tenant-channel.ts'

const change = (offset: number): JobChange =>
  ({ offset, jobText: JSON.stringify({ seq: offset }) }) as JobChange
const changes = (from: number, count: number): JobChange[] =>
  Array.from({ length: count }, (_, n) => change(from + n))

/** Reads its frames back, which are all short enough for a head of two bytes. */
class Reader implements Follower {
  offset: number
  restarts = 0
  readonly seen: number[] = []

  constructor(offset: number) {
    this.offset = offset
  }

  deliver(frames: Buffer, offset: number): void {
    for (let at = 0; at < frames.length; at += 2 + frames[at + 1]!) {
      const text = frames.toString('utf8', at + 2, at + 2 + frames[at + 1]!)
      const event = JSON.parse(text) as { offset: number; job: { seq: number } }
      expect(event.job.seq).toBe(event.offset)
      this.seen.push(event.offset)
    }
    this.offset = offset
  }

  restart(): void {
    this.restarts += 1
  }
}

function joined(channel: TenantChannel, offset: number): Reader | null {
  const reader = new Reader(offset)
  channel.add(reader)
  return channel.join(reader) ? reader : null
}

describe('a tenant channel', () => {
  it('tells whoever joins what it has not seen, and then all the rest', () => {
    const channel = new TenantChannel(['t'], 0)
    channel.take(changes(1, 5))
    const reader = joined(channel, 2)
    channel.take(changes(6, 2))
    expect(reader?.seen).toEqual([3, 4, 5, 6, 7])
  })

  it('does not repeat what somebody who is ahead has read already', () => {
    const channel = new TenantChannel(['t'], 0)
    const reader = joined(channel, 4)
    channel.take(changes(1, 3))
    channel.take(changes(4, 3))
    expect(reader?.seen).toEqual([5, 6])
  })

  it('sends those away who are further behind than it remembers', () => {
    const channel = new TenantChannel(['t'], 10)
    expect(joined(channel, 9)).toBeNull()
    channel.take(changes(11, 2_000))
    expect(joined(channel, 10)).toBeNull()
    expect(joined(channel, 2_009)?.seen).toEqual([2_010])
  })

  it('starts everybody over when changes are lost', () => {
    const channel = new TenantChannel(['t'], 0)
    const reader = joined(channel, 0)
    channel.restart(50)
    channel.take(changes(51, 1))
    expect(reader).toMatchObject({ restarts: 1, seen: [] })
  })

  it('never skips and never doubles, whenever one joins and whatever comes together', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 })
    const joins = fc.array(fc.tuple(fc.nat(30), fc.integer({ min: -20, max: 20 })), {
      maxLength: 8,
    })
    fc.assert(
      fc.property(sizes, joins, (batches, comers) => {
        const channel = new TenantChannel(['t'], 0)
        const readers: { reader: Reader; from: number }[] = []
        let offset = 0
        batches.forEach((size, nth) => {
          for (const [when, ahead] of comers) {
            const from = Math.max(0, offset + ahead)
            const reader = when === nth ? joined(channel, from) : null
            if (reader !== null) readers.push({ reader, from })
          }
          channel.take(changes(offset + 1, size))
          offset += size
        })
        for (const { reader, from } of readers) {
          const length = Math.max(0, offset - from)
          expect(reader.seen).toEqual(Array.from({ length }, (_, n) => from + n + 1))
        }
      }),
    )
  })
})
