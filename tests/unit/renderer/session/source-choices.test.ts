import { expect, it } from 'vitest'
import {
  readsTable,
  sourceChoices,
  sourcesError,
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

it('needs one at least, and not two that ask the same table', () => {
  expect(sourcesError([])).toMatch(/Choose at least one/)
  expect(sourcesError(['realtime', 'polling'])).toMatch(/Leave out Realtime or Polling alone\.$/)
  expect(sourcesError(['realtime'])).toBeUndefined()
  expect(sourcesError(['progress', 'stream', 'socketio', 'polling'])).toBeUndefined()
})
