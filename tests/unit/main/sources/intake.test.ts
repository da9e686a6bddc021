import { beforeEach, describe, expect, it } from 'vitest'
import type { Job } from '../../../../src/shared/job.ts'
import { Intake } from '../../../../src/main/sources/intake.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { job, wireJob } from '../../../support/wire-jobs.ts'
import { noSink } from '../../../support/source-context.ts'

let taken: Job[]
let dropped: string[]
let trespasses: number
let gaps: number
let clock: FakeClock

function intake(...tenantIds: string[]): Intake {
  return new Intake({
    clock,
    tenantIds,
    sink: {
      ...noSink,
      take: (heard) => taken.push(heard),
      dropped: (why) => dropped.push(why),
    },
    onTrespass: () => (trespasses += 1),
    onGap: () => (gaps += 1),
  })
}

const text = (message: unknown): string => JSON.stringify(message)
const change = (fields: object): string => text({ type: 'progress', job_id: 'job-1', ...fields })

beforeEach(() => {
  taken = []
  dropped = []
  trespasses = 0
  gaps = 0
  clock = new FakeClock()
})

describe('Intake', () => {
  it('turns a snapshot into a job', () => {
    intake('acme').takeFrame('job-1', text({ type: 'snapshot', job: wireJob() }))
    expect(taken).toEqual([job()])
  })

  it('puts a change on the state before it', () => {
    const door = intake('acme')
    door.takeFrame('job-1', text({ type: 'snapshot', job: wireJob() }))
    door.takeFrame('job-1', change({ attempt: 1, seq: 2, progress: 20, message: 'batch 2' }))
    expect(taken[1]).toEqual(job({ seq: 2, progress: 20, message: 'batch 2' }))
  })

  it('begins a new attempt bare, but keeps who the job is', () => {
    const door = intake('acme')
    const failed = wireJob({ status: 'failed', progress: 60, error: { code: 'x', message: 'y' } })
    door.takeFrame('job-1', text({ type: 'snapshot', job: failed }))
    door.takeFrame('job-1', change({ attempt: 2, seq: 1, status: 'running', progress: 0 }))
    expect(taken[1]).toMatchObject({ attempt: 2, progress: 0, error: null, name: 'Orders import' })
  })

  it('says when the server calls the job finished', () => {
    const done = wireJob({ status: 'succeeded', progress: 100 })
    expect(intake('acme').takeFrame('job-1', text({ type: 'finished', job: done }))).toEqual({
      finished: true,
    })
  })

  it('F64: drops and counts binary frames and unknown types', () => {
    const door = intake('acme')
    expect(door.takeFrame('job-1', null)).toBeNull()
    expect(door.takeFrame('job-1', '{"type":"advert"}')).toBeNull()
    expect(dropped).toEqual(['malformed', 'malformed'])
  })

  it('F61: drops another tenant, counts it, and gives up on the server at the third', () => {
    const door = intake('acme')
    const foreign = text({ type: 'snapshot', job: wireJob({ tenant_id: 'globex' }) })
    for (let time = 1; time <= 3; time += 1) {
      expect(door.takeFrame('job-1', foreign)).toBeNull()
      expect(trespasses).toBe(time === 3 ? 1 : 0)
    }
    expect(taken).toEqual([])
    expect(dropped).toEqual(['tenant', 'tenant', 'tenant'])
  })

  it('F60: a repeated tenant key cannot say two things', () => {
    const door = intake('acme')
    door.takeFrame('job-1', '{"type":"progress","tenant_id":"acme","tenant_id":"globex"}')
    expect(taken).toEqual([])
    expect(dropped).toEqual(['tenant'])
  })

  it('I12: a job does not change hands, not even between two tenants of ours', () => {
    const door = intake('acme', 'globex')
    door.takeFrame('job-1', text({ type: 'snapshot', job: wireJob() }))
    door.takeFrame(
      'job-1',
      text({ type: 'snapshot', job: wireJob({ tenant_id: 'globex', seq: 2 }) }),
    )
    expect(taken).toHaveLength(1)
    expect(dropped).toEqual(['tenant'])
  })

  it('I12: keeps apart two jobs of one name that two tenants of ours have', () => {
    const door = intake('acme', 'globex')
    for (const tenant_id of ['acme', 'globex', 'acme', 'globex']) {
      door.takeAny(wireJob({ tenant_id, seq: taken.length + 1 }))
    }
    expect(taken.map(({ tenantId, seq }) => [tenantId, seq])).toEqual([
      ['acme', 1],
      ['globex', 2],
      ['acme', 3],
      ['globex', 4],
    ])
    expect([dropped, trespasses]).toEqual([[], 0])
    door.forget('job-1')
    expect(door.last('job-1')).toBeUndefined()
  })

  it('compares tenant ids as text, and fills the only one in where none is sent', () => {
    const door = intake('7')
    door.takeFrame('a', text({ job_name: 'a', tenant_id: 7, percent: 1 }))
    door.takeFrame('b', text({ percent: 1 }))
    expect(taken.map(({ id, tenantId }) => [id, tenantId])).toEqual([
      ['a', '7'],
      ['b', '7'],
    ])
  })

  it('guesses no tenant when there are several', () => {
    intake('acme', 'globex').takeFrame('a', text({ percent: 1 }))
    expect(taken).toEqual([])
    expect(dropped).toEqual(['malformed'])
  })

  it("drops another job's message on a job's own socket", () => {
    intake('acme').takeFrame('job-1', text({ type: 'snapshot', job: wireJob({ id: 'job-2' }) }))
    expect(dropped).toEqual(['malformed'])
  })

  it('F52: says when an event was missed', () => {
    const door = intake('acme')
    door.takeFrame('job-1', text({ type: 'snapshot', job: wireJob({ seq: 5 }) }))
    door.takeFrame('job-1', change({ attempt: 1, seq: 6, progress: 20 }))
    expect(gaps).toBe(0)
    door.takeFrame('job-1', change({ attempt: 1, seq: 8, progress: 30 }))
    expect(gaps).toBe(1)
  })

  it('F51: counts what comes out of order, and does not build on it', () => {
    const door = intake('acme')
    door.takeFrame('job-1', text({ type: 'snapshot', job: wireJob({ seq: 5, progress: 50 }) }))
    door.takeFrame('job-1', change({ attempt: 1, seq: 4, message: 'late' }))
    door.takeFrame('job-1', change({ attempt: 1, seq: 6, progress: 60 }))
    expect(dropped).toEqual(['order'])
    expect(taken.at(-1)).toMatchObject({ seq: 6, message: null })
  })

  describe('on a stream of many jobs', () => {
    it('takes whichever job is named, each in its own order', () => {
      const door = intake('acme')
      expect(door.takeAny(wireJob({ id: 'a', seq: 4 }))).toEqual(job({ id: 'a', seq: 4 }))
      door.takeAny(wireJob({ id: 'b', seq: 9 }))
      door.takeAny(wireJob({ id: 'a', seq: 5 }))
      door.takeAny({ job_id: 'a', tenant_id: 'acme', attempt: 1, seq: 6, progress: 44 })
      expect(taken.map(({ id, seq }) => `${id} ${seq}`)).toEqual(['a 4', 'b 9', 'a 5', 'a 6'])
      expect(taken.at(-1)).toMatchObject({ name: 'Orders import', progress: 44 })
      expect(gaps).toBe(0)
      door.takeAny(wireJob({ id: 'b', seq: 11 }))
      expect(gaps).toBe(1)
    })

    it('F51, F61: tells what it does not take', () => {
      const door = intake('acme')
      expect(door.takeAny({ type: 'event' })).toBeNull()
      expect(door.takeAny(wireJob({ tenant_id: 'globex' }))).toBeNull()
      door.takeAny(wireJob({ seq: 4 }))
      door.takeAny(wireJob({ seq: 4 }))
      expect(dropped).toEqual(['malformed', 'tenant', 'order'])
    })

    it('lets a job begin anew that has no attempts of its own', () => {
      const door = intake('acme')
      door.takeAny({ job_name: 'nightly', status: 'completed', percent: 100 })
      door.takeAny({ job_name: 'nightly', status: 'processing', percent: 3 })
      expect(taken.map(({ attempt }) => attempt)).toEqual([1, 2])
    })

    it('F53: knows nothing any more when the history begins again', () => {
      const door = intake('acme')
      door.takeAny(wireJob({ seq: 50 }))
      door.restart()
      door.takeAny(wireJob({ seq: 3 }))
      expect([dropped, gaps]).toEqual([[], 0])
      expect(door.last('job-1')?.seq).toBe(3)
    })
  })

  describe('with a backend that sends neither id, seq nor attempt', () => {
    it('lets the order of arrival count', () => {
      const door = intake('acme')
      for (const percentage of [1, 2, 3]) {
        door.takeFrame('nightly', text({ job_name: 'nightly', state: 'processing', percentage }))
      }
      const order = taken.map(({ seq }) => seq)
      expect(order).toEqual([...new Set(order)].sort((a, b) => a - b))
      expect(taken.at(-1)).toMatchObject({ id: 'nightly', name: 'nightly', status: 'running' })
      expect(gaps).toBe(0)
    })

    it('takes progress that falls back after an end for a new attempt', () => {
      const door = intake('acme')
      door.takeFrame('nightly', text({ status: 'completed', percent: 100 }))
      door.takeFrame('nightly', text({ status: 'processing', percent: 3 }))
      expect(taken.map(({ attempt, status }) => [attempt, status])).toEqual([
        [1, 'succeeded'],
        [2, 'running'],
      ])
    })

    it('takes times in seconds, and times without an offset, for UTC', () => {
      const door = intake('acme')
      door.takeFrame('a', text({ percent: 1, timestamp: 1_795_183_200 }))
      door.takeFrame('a', text({ percent: 2, timestamp: '2026-11-20T14:00:00.5' }))
      expect(taken.map(({ updatedAt }) => updatedAt)).toEqual([
        '2026-11-20T14:00:00.000Z',
        '2026-11-20T14:00:00.5Z',
      ])
    })

    it('reads current_step as the label of the step, and an error given as text', () => {
      const door = intake('acme')
      door.takeFrame('a', text({ current_step: 'extract', status: 'error', error: 'no disk' }))
      expect(taken[0]).toMatchObject({
        step: { index: 1, total: 1, label: 'extract' },
        status: 'failed',
        error: { code: '', message: 'no disk' },
        finishedAt: taken[0]?.updatedAt,
      })
    })
  })

  describe('rows of a table', () => {
    const whole = { isChange: false, untold: [] }
    const row = (changes: object = {}): object => ({
      id: 'job-1',
      tenant_id: 'acme',
      status: 'running',
      progress: 10,
      updated_at: '2026-11-20T14:00:00.000001Z',
      ...changes,
    })
    const later = '2026-11-20T14:00:00.000002Z'

    it('stand where their change stands, however often they are read', () => {
      const door = intake('acme')
      const first = door.takeRow(row(), whole)
      expect(door.takeRow(row(), whole)).toEqual(first)
      expect(taken).toEqual([first, first])
      expect(first).toMatchObject({ byTime: true, seq: 1_795_183_200_000_001 })
    })

    it('say nothing when they are older than what was known, to the microsecond', () => {
      const door = intake('acme')
      door.takeRow(row({ updated_at: later, progress: 20 }), whole)
      expect(door.takeRow(row(), whole)).toBeNull()
      expect([taken.length, dropped]).toEqual([1, ['order']])
    })

    it('are whole, and a change of one is not', () => {
      const door = intake('acme')
      door.takeRow(row({ message: 'page 3' }), whole)
      const change = row({ updated_at: later, progress: 30 })
      expect(door.takeRow(change, { ...whole, isChange: true })?.message).toBe('page 3')
      expect(door.takeRow(change, whole)?.message).toBeNull()
    })

    it('say what their table never tells', () => {
      const untold = ['step', 'kind'] as const
      expect(intake('acme').takeRow(row(), { ...whole, untold })?.untold).toEqual(untold)
      expect(intake('acme').takeRow(row(), whole)).not.toHaveProperty('untold')
    })

    it.each([
      ['no id', { id: undefined }],
      ['an id that may not stand in a path', { id: '../admin' }],
      ['a status nobody knows', { status: 'odd' }],
      ['no time and no number', { updated_at: undefined }],
    ])('are dropped with %s', (_, changes) => {
      expect(intake('acme').takeRow(row(changes), whole)).toBeNull()
      expect(dropped).toEqual(['malformed'])
    })

    it('F61: are dropped when they belong to somebody else', () => {
      expect(intake('acme').takeRow(row({ tenant_id: 'globex' }), whole)).toBeNull()
      expect(dropped).toEqual(['tenant'])
    })
  })
})
