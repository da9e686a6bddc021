import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  JobChannel,
  type JobEvent,
  type Watcher,
} from '../../../../src/backend/gateway/job-channel.ts'
import type { WireJob } from '../../../../src/shared/job.ts'

const at = '2026-11-20T14:00:00.000Z'
const job = (seq: number, more: Partial<WireJob> = {}): WireJob => ({
  id: 'job_1',
  name: 'Job',
  kind: 'ETL',
  tenant_id: 't',
  status: 'running',
  progress: seq,
  step: null,
  counters: null,
  message: null,
  attempt: 1,
  seq,
  created_at: at,
  started_at: at,
  updated_at: at,
  finished_at: null,
  error: null,
  ...more,
})
const event = (seq: number, changes: Partial<WireJob> = { progress: seq }): JobEvent => ({
  attempt: 1,
  seq,
  changes,
})

/** Writes down what it is told. */
class Notes implements Watcher {
  readonly told: string[] = []
  snapshot = (state: WireJob): void => void this.told.push(`snapshot ${state.seq}`)
  progress = (text: string): void => {
    this.told.push(`progress ${(JSON.parse(text) as { seq: number }).seq}`)
  }
  finished = (state: WireJob): void => void this.told.push(`finished ${state.seq}`)
  unknown = (): void => void this.told.push('unknown')
}

describe('a job channel', () => {
  it('lets events wait for the state, and drops those that it holds already', () => {
    const channel = new JobChannel('job_1')
    const notes = new Notes()
    channel.join(notes)
    for (const seq of [3, 4, 5, 6]) channel.take(event(seq))
    expect(notes.told).toEqual([])
    expect(channel.settle(job(4))).toBe('done')
    expect(notes.told).toEqual(['snapshot 4', 'progress 5', 'progress 6'])
  })

  it('asks for the state again when something is missing, and goes on from there', () => {
    const channel = new JobChannel('job_1')
    const notes = new Notes()
    channel.join(notes)
    channel.settle(job(1))
    expect(channel.take(event(3))).toBe('gap')
    channel.reread()
    channel.take(event(4))
    channel.settle(job(3))
    expect(notes.told).toEqual(['snapshot 1', 'snapshot 3', 'progress 4'])
  })

  it('is not set back by a read that was overtaken', () => {
    const channel = new JobChannel('job_1')
    const notes = new Notes()
    channel.join(notes)
    channel.settle(job(5))
    channel.settle(job(4))
    channel.take(event(6))
    expect(notes.told).toEqual(['snapshot 5', 'progress 6'])
  })

  it('takes the next attempt from its first event', () => {
    const channel = new JobChannel('job_1')
    const notes = new Notes()
    channel.join(notes)
    channel.settle(job(9))
    expect(channel.take({ ...event(1), attempt: 2 })).toBe('done')
    expect(channel.take(event(10))).toBe('done')
    expect(channel.take({ ...event(1), attempt: 4 })).toBe('gap')
    expect(notes.told).toEqual(['snapshot 9', 'progress 1'])
  })

  it('tells the end once, to everyone, and to whoever comes later', () => {
    const channel = new JobChannel('job_1')
    const [first, second] = [new Notes(), new Notes()]
    channel.join(first)
    channel.settle(job(1))
    channel.take(event(2, { status: 'succeeded', finished_at: at }))
    channel.join(second)
    expect(first.told).toEqual(['snapshot 1', 'finished 2'])
    expect(second.told).toEqual(['snapshot 2', 'finished 2'])
  })

  it('tells a job that is not there', () => {
    const channel = new JobChannel('job_1')
    const notes = new Notes()
    channel.join(notes)
    channel.settle(null)
    expect(notes.told).toEqual(['unknown'])
  })

  it('never skips and never doubles, whenever the state is read and whatever comes twice', () => {
    const stories = fc.record({
      readAt: fc.integer({ min: 1, max: 12 }),
      seen: fc.array(fc.integer({ min: 2, max: 12 }), { maxLength: 30 }),
    })
    fc.assert(
      fc.property(stories, ({ readAt, seen }) => {
        const channel = new JobChannel('job_1')
        const notes = new Notes()
        channel.join(notes)
        const events = [...seen].sort((a, b) => a - b)
        events.forEach((seq, index) => {
          if (index === Math.floor(events.length / 2)) channel.settle(job(readAt))
          if (channel.take(event(seq)) === 'gap') {
            channel.reread()
            channel.settle(job(seq))
          }
        })
        let last = 0
        for (const line of notes.told) {
          const [kind, seq] = line.split(' ')
          if (kind === 'progress') expect(Number(seq)).toBe(last + 1)
          expect(Number(seq)).toBeGreaterThanOrEqual(last)
          last = Number(seq)
        }
      }),
    )
  })
})
