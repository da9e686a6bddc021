import { expect } from 'vitest'

/** Anything that can say how much it has open: scopes, clocks, socket servers, fakes. */
export type Openings = Readonly<Record<string, number | { readonly size: number }>>

/** Every count is zero; what is not is named. */
export function expectNothingOpen(openings: Openings): void {
  const open = Object.entries(openings)
    .map(([name, count]) => [name, typeof count === 'number' ? count : count.size] as const)
    .filter(([, count]) => count !== 0)
  expect(Object.fromEntries(open)).toEqual({})
}
