import { expect, it } from 'vitest'
import {
  readsTable,
  sourceChoices,
  sourcesHint,
} from '../../../../src/renderer/session/source-choices.ts'
import { sourceKinds } from '../../../../src/shared/profile.ts'

it('offers every kind that the contract has, each with a line about it', () => {
  expect(sourceChoices.map(({ kind }) => kind)).toEqual(sourceKinds)
  for (const { text } of sourceChoices) expect(text).toMatch(/^[A-Z].*\.$/)
})

it('asks for a table only where one is read', () => {
  expect(readsTable(['progress', 'stream', 'socketio'])).toBe(false)
  expect(readsTable(['realtime'])).toBe(true)
  expect(readsTable(['progress', 'polling'])).toBe(true)
})

it('says that two of them ask the same table', () => {
  expect(sourcesHint(['realtime', 'polling'])).toMatch(/asked all the time/)
  expect(sourcesHint(['realtime'])).toBeNull()
})
