import { describe, expect, it } from 'vitest'
import { SnapshotFrames } from '../../../../src/backend/gateway/stream/snapshot-frames.ts'

interface Message {
  readonly jobs: readonly { readonly id: number }[]
  readonly more?: boolean
  readonly offset: number
}

/** Text of every frame in it; none is longer than 16 bits can say. */
function messagesIn(frames: Buffer): Message[] {
  const messages: Message[] = []
  for (let at = 0; at < frames.length;) {
    const short = frames[at + 1]!
    expect(short).toBeLessThanOrEqual(126)
    const [size, head] = short < 126 ? [short, 2] : [frames.readUInt16BE(at + 2), 4]
    messages.push(JSON.parse(frames.toString('utf8', at + head, at + head + size)) as Message)
    at += head + size
  }
  return messages
}

const head = { type: 'snapshot', epoch: 'e', offset: 7 }
const jobs = (count: number, message: string): string[] =>
  Array.from({ length: count }, (_, id) => JSON.stringify({ id, message }))
const idsIn = (messages: readonly Message[]): number[] =>
  messages.flatMap((message) => message.jobs.map(({ id }) => id))
const upTo = (count: number): number[] => Array.from({ length: count }, (_, id) => id)

describe('a snapshot', () => {
  it('is one message', () => {
    const frames = new SnapshotFrames(head, jobs(3, 'ü'))
    expect(messagesIn(frames.whole)).toEqual([
      { ...head, jobs: upTo(3).map((id) => ({ id, message: 'ü' })) },
    ])
    expect(frames.parts).toEqual(frames.whole)
  })

  it('comes in parts below 64 KiB, each with the same place, all but the last with more', () => {
    const messages = messagesIn(new SnapshotFrames(head, jobs(5_000, 'ü'.repeat(200))).parts)
    expect(messages.length).toBeGreaterThan(30)
    expect(idsIn(messages)).toEqual(upTo(5_000))
    expect(messages.map(({ more }) => more)).toEqual([
      ...Array<boolean>(messages.length - 1).fill(true),
      undefined,
    ])
    expect(new Set(messages.map(({ offset }) => offset))).toEqual(new Set([7]))
  })

  it('of no job is one message all the same', () => {
    expect(messagesIn(new SnapshotFrames(head, []).parts)).toEqual([{ ...head, jobs: [] }])
  })
})
