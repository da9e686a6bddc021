import { expect, it } from 'vitest'
import { RequestBudget } from '../../../../src/backend/gateway/request-budget.ts'

it('lets so many requests a minute through for each caller, and refills evenly', () => {
  let nowMs = 0
  const budget = new RequestBudget(60, () => nowMs)
  for (let n = 0; n < 60; n += 1) expect(budget.spend('a')).toBeNull()
  expect(budget.spend('a')).toBe(1)
  expect(budget.spend('b')).toBeNull()
  nowMs = 1_000
  expect(budget.spend('a')).toBeNull()
  expect(budget.spend('a')).toBe(1)
})
