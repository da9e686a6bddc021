import { expect, it } from 'vitest'
import { Ticker } from '../../../../src/renderer/ui/ticker.ts'
import { FakeFrames } from '../../../support/web/fake-frames.ts'

it('beats once a second for all, and leaves no timer when nobody listens', () => {
  const frames = new FakeFrames()
  const ticker = new Ticker(frames)
  let heard = 0
  const offs = [1, 2, 3].map(() =>
    ticker.subscribe(() => {
      heard += 1
    }),
  )
  expect(frames.waiting).toBe(1)
  frames.advance(3_000)
  expect(heard).toBe(9)
  for (const off of offs) off()
  expect(frames.waiting).toBe(0)
})

it('stands still while the window is hidden and moves at once when it is shown', () => {
  const frames = new FakeFrames()
  const ticker = new Ticker(frames)
  ticker.subscribe(() => undefined)
  frames.hidden = true
  frames.advance(5_000)
  expect(ticker.beats()).toBe(0)
  frames.hidden = false
  ticker.beat()
  expect(ticker.beats()).toBe(1)
})
