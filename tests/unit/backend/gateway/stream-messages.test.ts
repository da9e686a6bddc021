import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  parseMessage,
  parseResumeQuery,
} from '../../../../src/backend/gateway/stream/stream-messages.ts'
import { textFrame } from '../../../../src/backend/gateway/stream/text-frame.ts'
import { Turns } from '../../../../src/backend/gateway/stream/turns.ts'

describe('what a client says on a stream', () => {
  it.each([
    [
      '{"type":"resume","epoch":"e","offset":4}',
      { kind: 'resume', from: { epoch: 'e', offset: 4 }, parts: false },
    ],
    ['{"type":"resume","epoch":"","offset":4}', { kind: 'resume', from: null, parts: false }],
    ['{"type":"resume"}', { kind: 'resume', from: null, parts: false }],
    ['{"type":"resume","parts":true}', { kind: 'resume', from: null, parts: true }],
    [
      '{"type":"resume","parts":"yes"}',
      { kind: 'malformed', fault: 'resume.parts must be true or false' },
    ],
    ['{"type":"auth","token":"t"}', { kind: 'auth', token: 't' }],
    ['{"type":"ping"}', { kind: 'ping' }],
    ['{"type":"subscribe"}', { kind: 'unknown' }],
    ['{"type":"__proto__"}', { kind: 'unknown' }],
    ['{"type":"auth"}', { kind: 'malformed', fault: 'auth.token must be a string' }],
    [
      '{"type":"resume","epoch":"e","offset":0.5}',
      { kind: 'malformed', fault: 'resume.offset must be a whole number' },
    ],
    ['null', { kind: 'malformed', fault: 'message must be an object' }],
  ])('is understood: %s', (text, message) => {
    expect(parseMessage(text)).toEqual(message)
  })

  it('never throws, and a fault fits into a close frame and repeats no value', () => {
    const texts = fc.oneof(fc.string(), fc.json(), fc.constant('['.repeat(60_000)))
    fc.assert(
      fc.property(texts, (text) => {
        const message = parseMessage(text)
        if (message.kind === 'malformed') expect(message.fault.length).toBeLessThan(124)
      }),
    )
    const secret = parseMessage(`{"type":"auth","token":["hunter2"]}`)
    expect(JSON.stringify(secret)).not.toContain('hunter2')
  })

  it('may stand in the query', () => {
    expect(parseResumeQuery('epoch=e&offset=7')).toEqual({ from: { epoch: 'e', offset: 7 } })
    expect(parseResumeQuery('epoch=&offset=')).toEqual({ from: null })
    expect(parseResumeQuery('token=x')).toEqual({ from: undefined })
    expect(parseResumeQuery('epoch=e&offset=x')).toEqual({
      fault: 'query.offset must be a whole number',
    })
  })
})

describe('a frame', () => {
  it.each([
    [125, 2],
    [126, 4],
    [65_535, 4],
    [65_536, 10],
  ])('of %i bytes has a head of %i', (size, head) => {
    const frame = textFrame('x'.repeat(size))
    expect(frame.length).toBe(size + head)
    expect(frame[0]).toBe(0x81)
    const said =
      head === 2 ? frame[1] : head === 4 ? frame.readUInt16BE(2) : Number(frame.readBigUInt64BE(2))
    expect(said).toBe(size)
    expect(frame.subarray(head).every((byte) => byte === 0x78)).toBe(true)
  })
})

describe('turns', () => {
  it('let so many run at a time, in the order in which they came, also past failures', async () => {
    const turns = new Turns(2)
    const ends: (() => void)[] = []
    const begun: number[] = []
    const tasks = [0, 1, 2, 3].map((n) =>
      turns.take(async () => {
        begun.push(n)
        await new Promise<void>((resolve) => ends.push(resolve))
        if (n === 0) throw new Error('failed')
        return n
      }),
    )
    expect(begun).toEqual([0, 1])
    ends[0]!()
    await expect(tasks[0]).rejects.toThrow('failed')
    expect(begun).toEqual([0, 1, 2])
    ends[1]!()
    await tasks[1]
    expect(begun).toEqual([0, 1, 2, 3])
    ends[2]!()
    ends[3]!()
    expect(await Promise.all(tasks.slice(1))).toEqual([1, 2, 3])
  })
})
