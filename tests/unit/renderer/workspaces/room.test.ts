import { beforeEach, describe, expect, it } from 'vitest'
import { Room } from '../../../../src/renderer/workspaces/room.ts'
import type { ConnectionView, SourceView } from '../../../../src/shared/workspace.ts'
import { FakeClient, settled } from '../../../support/web/fake-client.ts'
import { FakeFrames } from '../../../support/web/fake-frames.ts'
import { sampleWorkspace, startMs } from '../../../support/web/samples.ts'

let frames: FakeFrames
let room: Room

beforeEach(async () => {
  frames = new FakeFrames()
  const fake = new FakeClient().answer('jobs:open', { batch: 0, rows: [], groups: [] })
  room = new Room('w1', fake.client, frames)
  await settled()
})

const said = (): string => {
  frames.advance(2_000)
  return room.announcer.text()
}

describe('a screen reader is told once', () => {
  const lost = {
    kind: 'offline',
    asOfMs: startMs,
    sinceMs: startMs,
    nextTryAtMs: null,
    reason: 'offline',
  } as const
  const connected = (connection: ConnectionView): void =>
    room.follow(sampleWorkspace({ connection }))

  it('that the connection was lost', () => {
    connected({ kind: 'live', heardAtMs: startMs })
    connected(lost)
    connected({ ...lost, nextTryAtMs: 1 })
    expect(said()).toBe('Offline, the rows are remembered')
  })

  const stream: SourceView = {
    kind: 'stream',
    state: 'live',
    sockets: 1,
    nextTryAtMs: null,
    reason: null,
  }
  const recovered = (atMs: number, events: number): void =>
    room.follow(
      sampleWorkspace({ sources: [{ ...stream, gap: { atMs, recovered: events, missing: 0 } }] }),
    )

  it('what an interruption came to', () => {
    room.follow(sampleWorkspace({ sources: [stream] }))
    recovered(startMs, 12)
    recovered(startMs, 12)
    expect(said()).toBe('12 events recovered, 0 missing')
    frames.advance(8_000)
    expect(said()).toBe('')
    recovered(startMs + 60_000, 1)
    expect(said()).toBe('1 event recovered, 0 missing')
  })

  it('and nothing of what had been over before the window looked', () => {
    recovered(startMs, 12)
    recovered(startMs, 12)
    expect(said()).toBe('')
  })
})
