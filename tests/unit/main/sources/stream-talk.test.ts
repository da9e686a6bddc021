import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Scope } from '../../../../src/main/lib/scope.ts'
import { Secret } from '../../../../src/main/lib/secret.ts'
import { Intake } from '../../../../src/main/sources/intake.ts'
import type { JobSink } from '../../../../src/main/sources/source.ts'
import { StreamMark } from '../../../../src/main/sources/stream-mark.ts'
import { StreamTalk } from '../../../../src/main/sources/stream-talk.ts'
import { Positions } from '../../../../src/main/workspaces/positions.ts'
import { FakeClock, settle } from '../../../support/fake-clock.ts'
import { wireJob } from '../../../support/wire-jobs.ts'

/** One socket's talk: what it sends, and everything that it makes of what it hears, in order. */
class Talk {
  readonly scope = new Scope('socket')
  readonly clock = new FakeClock()
  readonly sent: string[] = []
  readonly told: string[] = []
  readonly mark = new StreamMark(new Positions().of('stream'), () => false)
  readonly intake: Intake
  readonly talk: StreamTalk
  endsWithEvent = false

  constructor() {
    const { scope, clock, told } = this
    const sink: JobSink = {
      take: ({ id, seq }) => told.push(`take ${id} ${seq}`),
      takeAll: () => told.push('take all'),
      doubt: () => told.push('doubt'),
      confirm: () => told.push('confirm'),
      forget: () => told.push('forget'),
      heard: () => told.push('heard'),
      dropped: (why) => told.push(`dropped ${why}`),
    }
    const nothing = (): void => undefined
    this.intake = new Intake({
      sink,
      clock,
      tenantIds: ['acme'],
      onTrespass: nothing,
      onGap: nothing,
    })
    this.talk = new StreamTalk({
      scope,
      clock,
      sink,
      intake: this.intake,
      mark: this.mark,
      send: (text) => this.sent.push(text),
      onSnapshot: (jobs, changed, { epoch, offset }) => {
        const ids = jobs.map(({ id }) => id).join(',')
        told.push(`snapshot ${ids} changed ${changed} at ${epoch}/${offset}`)
        this.mark.set({ epoch, offset })
      },
      onEvent: (job) => {
        told.push(`event ${job?.id ?? 'unread'}`)
        if (this.endsWithEvent) void scope.close('stopped')
      },
      onCaughtUp: () => told.push('caught up'),
      onHole: () => told.push('hole'),
      onPlain: () => told.push('plain'),
    })
  }

  /** Whether it was understood, and what it came to. */
  hear(message: unknown): [boolean, ...string[]] {
    const from = this.told.length
    const isUnderstood = this.talk.hear(JSON.stringify(message))
    return [isUnderstood, ...this.told.slice(from)]
  }
}

let talk: Talk
const event = (offset: number, changes: Parameters<typeof wireJob>[0] = {}) => ({
  type: 'event',
  offset,
  job: wireJob({ seq: offset, ...changes }),
})
const snapshot = (epoch: string, offset: number, jobs: readonly unknown[], more = false) => ({
  type: 'snapshot',
  epoch,
  offset,
  jobs,
  more,
})
const resumed = (epoch: string, offset: number, missed: number) => ({
  type: 'resumed',
  epoch,
  offset,
  missed,
})

beforeEach(() => {
  talk = new Talk()
})

afterEach(async () => {
  await talk.scope.close('test over')
  expect(talk.clock.armed).toBe(0)
})

describe('the first words of a stream', () => {
  it('say where this console was, if it was anywhere', () => {
    talk.talk.begin()
    talk.mark.set({ epoch: 'e', offset: 7 })
    talk.talk.begin()
    expect(talk.sent).toEqual([
      '{"type":"resume","parts":true}',
      '{"type":"resume","epoch":"e","offset":7,"parts":true}',
    ])
  })

  it('are waited on for 2.5 s, and then the server is plain', async () => {
    await talk.clock.advance(2_499)
    expect(talk.told).toEqual([])
    await talk.clock.advance(1)
    expect(talk.told).toEqual(['plain'])
  })

  it.each([
    ['a snapshot', snapshot('e', 3, [])],
    ['the first part of one', snapshot('e', 3, [], true)],
    ['where it goes on', resumed('e', 3, 1)],
  ])('were heard by a server that answers with %s', async (_what, answer) => {
    talk.mark.set({ epoch: 'e', offset: 3 })
    talk.hear(answer)
    await talk.clock.advance(2_500)
    expect(talk.told).not.toContain('plain')
  })
})

describe('a message that is none', () => {
  it.each([[null], ['{'], ['{"type":"weather"}'], ['{"type":"event","offset":-1}']])(
    'F64: is dropped, counted and not understood: %j',
    (text) => {
      expect(talk.talk.hear(text)).toBe(false)
      expect(talk.told).toEqual(['dropped malformed'])
    },
  )

  it('F64: is also a change of no job', () => {
    expect(talk.hear({ type: 'progress', progress: 3 })).toEqual([
      false,
      'dropped malformed',
      'event unread',
    ])
  })
})

describe('an answer about a renewed token', () => {
  it.each([
    ['authenticated', true],
    ['auth_refused', false],
  ])('is understood: %s', async (type, isTaken) => {
    const taken = talk.talk.offer(new Secret('token-2'))
    expect(talk.sent).toEqual(['{"type":"auth","token":"token-2"}'])
    expect(talk.hear({ type })).toEqual([true])
    expect(await taken).toBe(isTaken)
  })
})

describe('an event', () => {
  it('is a change like any other before the beginning, whatever its number', () => {
    talk.mark.set({ epoch: 'e', offset: 3 })
    expect(talk.hear(event(9))).toEqual([true, 'take job-1 9', 'event job-1'])
    expect(talk.mark.place).toEqual({ epoch: 'e', offset: 3 })
  })

  it('F51, F52: is taken when it is the next, and neither when it is known nor after a hole', () => {
    talk.hear(snapshot('e', 3, []))
    expect(talk.hear(event(4))).toEqual([true, 'take job-1 4', 'event job-1'])
    expect(talk.hear(event(4))).toEqual([true, 'dropped order'])
    expect(talk.hear(event(6))).toEqual([false, 'hole'])
    expect(talk.mark.place).toEqual({ epoch: 'e', offset: 4 })
  })

  it('proves nothing when it ended the socket', async () => {
    talk.mark.set({ epoch: 'e', offset: 3 })
    talk.hear(resumed('e', 3, 1))
    talk.endsWithEvent = true
    expect(talk.hear(event(4))).toEqual([false, 'take job-1 4', 'event job-1'])
    await settle()
  })
})

describe('what was missed', () => {
  beforeEach(() => {
    talk.mark.set({ epoch: 'e', offset: 3 })
  })

  it('is caught up with at its last event, and only there', () => {
    expect(talk.hear(resumed('e', 3, 2))).toEqual([true])
    expect(talk.hear(event(4))).toEqual([true, 'take job-1 4', 'event job-1'])
    expect(talk.hear(event(5))).toEqual([true, 'take job-1 5', 'event job-1', 'caught up'])
    expect(talk.hear(event(6))).toEqual([true, 'take job-1 6', 'event job-1'])
  })

  it('may be nothing', () => {
    expect(talk.hear(resumed('e', 3, 0))).toEqual([true, 'caught up'])
  })

  it('may have been told by another socket meanwhile, in part or all of it', () => {
    talk.mark.step('e', 4)
    expect(talk.hear(resumed('e', 3, 1))).toEqual([true, 'caught up'])
    expect(talk.hear(resumed('e', 3, 2))).toEqual([true])
    expect(talk.hear(event(4))).toEqual([true, 'dropped order'])
    talk.mark.step('e', 5)
    expect(talk.hear(event(5))).toEqual([true, 'dropped order', 'caught up'])
  })

  it.each([
    ['another history', resumed('f', 3, 0)],
    ['another history, further back', resumed('f', 2, 5)],
    ['a place beyond what was heard', resumed('e', 4, 0)],
  ])('F53: is unknown when the server goes on from %s', (_what, answer) => {
    expect(talk.hear(answer)).toEqual([false, 'hole'])
    expect(talk.hear(event(9))).toEqual([true, 'take job-1 9', 'event job-1'])
  })

  it('is unknown when the server goes on from where nobody was', () => {
    talk.mark.forget()
    expect(talk.hear(resumed('e', 0, 0))).toEqual([false, 'hole'])
  })

  it('is told no more once a snapshot begins anew', () => {
    talk.hear(resumed('e', 3, 2))
    talk.hear(snapshot('e', 4, []))
    expect(talk.hear(event(5))).toEqual([true, 'take job-1 5', 'event job-1'])
  })
})

describe('a snapshot', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((id) => wireJob({ id, seq: 5 }))

  it('is understood with its last part, and told once', () => {
    expect(talk.hear(snapshot('e', 3, [a, b], true))).toEqual([false])
    expect(talk.hear(snapshot('e', 3, [c]))).toEqual([true, 'snapshot a,b,c changed 3 at e/3'])
    expect(talk.hear(snapshot('e', 3, []))).toEqual([true, 'snapshot  changed 0 at e/3'])
  })

  it('is lost when its next part has not come within 10 s', async () => {
    talk.hear(snapshot('e', 3, [a], true))
    await talk.clock.advance(9_999)
    talk.hear(snapshot('e', 3, [b], true))
    await talk.clock.advance(9_999)
    expect(talk.told).toEqual([])
    await talk.clock.advance(1)
    expect(talk.told).toEqual(['hole'])
  })

  it('F64: leaves out what it could not read', () => {
    expect(talk.hear(snapshot('e', 3, [a, { progress: 3 }, 7, c]))).toEqual([
      true,
      'dropped malformed',
      'dropped malformed',
      'snapshot a,c changed 2 at e/3',
    ])
  })

  it('counts what was not known so, and keeps what it does not name', () => {
    talk.hear(snapshot('e', 3, [a, b]))
    const later = wireJob({ id: 'b', seq: 6 })
    expect(talk.hear(snapshot('e', 4, [a, later], true))).toEqual([false])
    expect(talk.hear(snapshot('e', 4, [c]))).toEqual([true, 'snapshot a,b,c changed 2 at e/4'])
    talk.hear(snapshot('e', 4, []))
    expect(['a', 'b', 'c'].map((id) => talk.intake.last(id)?.seq)).toEqual([5, 6, 5])
  })

  it('F53: of another history holds nothing to what was known, in any of its parts', () => {
    talk.hear(snapshot('e', 3, [a, b]))
    const [first, second] = ['a', 'c'].map((id) => wireJob({ id, seq: 1 }))
    talk.hear(snapshot('f', 0, [first], true))
    expect(talk.hear(snapshot('f', 0, [second]))).toEqual([true, 'snapshot a,c changed 2 at f/0'])
    expect(['a', 'b', 'c'].map((id) => talk.intake.last(id)?.seq)).toEqual([1, undefined, 1])
  })
})
