import { expect, it } from 'vitest'
import { wording } from '../../../../src/renderer/diagnostics/wording.ts'
import { failureCodes, tokenRefusals } from '../../../../src/shared/failure.ts'

it.each(failureCodes)('%s says what happened, why, and what to do', (code) => {
  const { title, text, reason } = wording[code]
  expect(title).toMatch(/^[A-Z].*[^.]$/)
  expect(text.split('. ').length + text.split(/[;:,]/).length).toBeGreaterThan(2)
  expect(text).toMatch(/^[A-Z].*\.$/)
  expect(reason).toMatch(/^[a-z].{3,28}$/)
})

it('words every code differently, so that one failure is never taken for another', () => {
  const all = Object.values(wording)
  expect(new Set(all.map(({ title }) => title)).size).toBe(failureCodes.length)
  expect(new Set(all.map(({ text }) => text)).size).toBe(failureCodes.length)
  expect(new Set(all.map(({ reason }) => reason)).size).toBe(failureCodes.length)
})

it('tells the refusals of a token apart', () => {
  const reasons = tokenRefusals.map((code) => wording[code].reason)
  expect(new Set(reasons).size).toBe(tokenRefusals.length)
})

it('blames nobody and does not shout', () => {
  const all = JSON.stringify(wording)
  expect(all).not.toMatch(/!|\bOops\b|\bsorry\b|\bplease\b|\bfailed to\b|\bsuccessfully\b/i)
})
