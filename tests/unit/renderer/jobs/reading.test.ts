import { expect, it } from 'vitest'
import { Reading } from '../../../../src/renderer/jobs/reading.ts'
import { FakeFrames } from '../../../support/web/fake-frames.ts'

it('is read while it is scrolled, and for ten seconds after a touch', () => {
  const frames = new FakeFrames()
  const told: boolean[] = []
  const reading = new Reading(frames, (isRead) => told.push(isRead))
  const now = (): boolean | undefined => told.at(-1)
  reading.touched()
  expect(now()).toBe(true)
  frames.advance(9_000)
  reading.touched()
  frames.advance(9_999)
  expect(now()).toBe(true)
  frames.advance(1)
  expect(now()).toBe(false)
  reading.scrolled(true)
  frames.advance(60_000)
  expect(now()).toBe(true)
  reading.scrolled(false)
  expect(now()).toBe(false)
})

it('leaves no timer when the list goes away', () => {
  const frames = new FakeFrames()
  const reading = new Reading(frames, () => undefined)
  reading.touched()
  reading.stop()
  expect(frames.waiting).toBe(0)
})
