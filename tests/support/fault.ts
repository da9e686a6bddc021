import { it } from 'vitest'

/** What a test of a fault writes beside its result, and `scripts/fault-table.ts` reads. */
export interface Sighting {
  readonly fault: number
  readonly seen: string
}

/**
 * A test of one fault of the catalogue. It answers what was seen, in a few words with figures: that
 * stands in the table beside what is expected, so it has to be measured, not repeated.
 */
export function fault(number: number, name: string, run: () => string | Promise<string>): void {
  it(`F${number} ${name}`, async ({ task }) => {
    const seen = await run()
    Object.assign(task.meta, { fault: number, seen } satisfies Sighting)
  })
}
