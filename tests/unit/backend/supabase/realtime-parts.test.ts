import { describe, expect, it } from 'vitest'
import { readJoin } from '../../../../src/backend/supabase/realtime/join-payload.ts'
import { Presence } from '../../../../src/backend/supabase/realtime/presence.ts'
import { RateMeter } from '../../../../src/backend/supabase/realtime/rate-meter.ts'
import type { SharedMessage } from '../../../../src/backend/supabase/realtime/shared-message.ts'
import { Topics, type Member } from '../../../../src/backend/supabase/realtime/topics.ts'

describe('a join', () => {
  it('may say nothing at all', () => {
    expect(readJoin({})).toEqual({
      accessToken: null,
      isPrivate: false,
      ack: false,
      self: false,
      presence: { enabled: true, key: '' },
      changes: [],
    })
  })

  it('is read as far as it makes sense', () => {
    const join = readJoin({
      access_token: 7,
      config: { private: 'true', broadcast: { ack: 1, self: true }, presence: { key: 5 } },
    })
    expect(join).toMatchObject({
      accessToken: null,
      isPrivate: true,
      ack: false,
      self: true,
      presence: { enabled: false, key: '5' },
    })
  })

  it.each([
    [
      { schema: 'public', table: 't' },
      { event: '*', schema: 'public', table: 't' },
    ],
    [
      { event: 'INSERT', schema: '*' },
      { event: 'INSERT', schema: '*', table: null },
    ],
    [
      { event: 'other', table: 't' },
      { event: '*', schema: 'public', table: 't' },
    ],
    [
      { schema: 's', table: 't', filter: 'a=eq.1' },
      { filter: 'a=eq.1', select: null },
    ],
    [
      { schema: 's', table: 't', select: ['a'] },
      { filter: null, select: ['a'] },
    ],
  ])('reads %o', (entry, params) => {
    const [change] = readJoin({ config: { postgres_changes: [null, entry] } }).changes
    expect(change?.params).toMatchObject(params)
    expect(change?.sent).toEqual(entry)
  })

  it.each([[{}], [7], [{ schema: 's', filter: 'a=eq.1' }], [{ schema: 's', table: { a: 1 } }]])(
    'finds nothing to subscribe to in %o',
    (entry) => {
      const [change] = readJoin({ config: { postgres_changes: [entry] } }).changes
      expect(change?.params).toBeNull()
    },
  )
})

describe('presence', () => {
  it('tells only what changed, and what it was before', () => {
    const presence = new Presence()
    const member = {}
    const first = presence.track(member, 'key', { mood: 'calm' })
    const before = first?.joins.key?.metas[0]
    expect(before).toMatchObject({ mood: 'calm' })
    expect(presence.track(member, 'key', { mood: 'calm' })).toBeNull()
    const second = presence.track(member, 'key', { mood: 'glad', phx_ref: 'forged' })
    expect(second?.leaves.key?.metas).toEqual([before])
    const after = second?.joins.key?.metas[0]
    expect(after).toMatchObject({ mood: 'glad', phx_ref_prev: before?.phx_ref })
    expect(after?.phx_ref).not.toBe('forged')
    expect(presence.untrack(member)?.leaves.key?.metas).toEqual([after])
    expect(presence.untrack(member)).toBeNull()
  })

  it('keeps several members under one key, of any name', () => {
    const presence = new Presence()
    presence.track({}, '__proto__', { n: 1 })
    presence.track({}, '__proto__', { n: 2 })
    const list = JSON.parse(JSON.stringify(presence.list())) as object
    expect(Object.keys(list)).toEqual(['__proto__'])
  })
})

describe('topics', () => {
  const topic = { name: 'room', isPrivate: false }
  const memberOf = (heard: (string | null)[], hears = true): Member => ({
    hearsPresence: hears,
    hearsBroadcasts: hears,
    push: (message: SharedMessage) => heard.push(message.in('2.0.0')?.bytes.toString() ?? null),
  })

  it('are forgotten when the last member leaves', () => {
    const topics = new Topics()
    const member = memberOf([])
    topics.join(topic, member)
    topics.track(topic, member, { key: 'k', state: {}, size: 3 })
    topics.leave(topic, member)
    topics.leave(topic, member)
    expect(topics.size).toBe(0)
    topics.track(topic, member, { key: 'k', state: {}, size: 3 })
    expect(topics.presenceOf(topic)).toBe('{}')
  })

  it('have room for so much presence each and together, and get it back', () => {
    const topics = new Topics({ topicBytes: 100, allBytes: 150 })
    const [one, two, three] = [memberOf([]), memberOf([]), memberOf([])]
    const other = { ...topic, name: 'other' }
    for (const member of [one, two]) topics.join(topic, member)
    topics.join(other, three)
    const track = (member: Member, size: number, on = topic) =>
      topics.track(on, member, { key: 'k', state: { size }, size })
    expect([track(one, 60), track(two, 60), track(two, 40)]).toEqual([true, false, true])
    expect([track(three, 60, other), track(three, 50, other)]).toEqual([false, true])
    expect(track(one, 61)).toBe(false)
    expect(topics.presenceOf(topic)).toContain('"size":60')
    topics.untrack(topic, two)
    expect(track(one, 100)).toBe(true)
    topics.leave(topic, one)
    expect(track(three, 100, other)).toBe(true)
  })

  it('spare those who may not hear, and make a message once for all others', () => {
    const topics = new Topics()
    const [heard, deaf]: (string | null)[][] = [[], []]
    const made = new Set<unknown>()
    for (let nth = 0; nth < 3; nth += 1) {
      const member = memberOf(heard!)
      topics.join(topic, { ...member, push: (message) => made.add(message.in('2.0.0')?.bytes) })
    }
    topics.join(topic, memberOf(heard!))
    topics.join(topic, memberOf(deaf!, false))
    topics.publish(topic, { payload: '{"event":"e"}' })
    expect(heard).toEqual(['[null,null,"realtime:room","broadcast",{"event":"e"}]'])
    expect(deaf).toEqual([])
    expect(made.size).toBe(1)
  })
})

describe('a rate', () => {
  it('lets bursts pass, and stops what is too much on average', () => {
    let nowMs = 5_000
    const meter = new RateMeter(2, () => nowMs)
    const taken = (times: number): number =>
      Array.from({ length: times }, () => meter.take()).filter(Boolean).length
    expect(taken(30)).toBe(20)
    nowMs += 9_000
    expect(taken(1)).toBe(0)
    nowMs += 1_000
    expect(taken(30)).toBe(19)
    nowMs += 60_000
    expect(taken(30)).toBe(20)
  })
})
