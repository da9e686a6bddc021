import { describe, it } from 'vitest'
import { runLevel, runsOf } from './level.ts'
import type { Level } from './level.ts'

/** The test of a level. `FC_SEED=n` repeats a run, `FC_RUNS=n` makes it longer or shorter. */
export function defineHistories(level: Level): void {
  const seed = Number(process.env.FC_SEED)
  const runs = runsOf(level)
  const title = `keeps ${level.invariants.join(', ')} (${runs.toLocaleString('en')} histories, seed ${seed})`
  describe(`any history of ${level.name}`, () => {
    it(title, { timeout: 120_000 }, async () => {
      await runLevel(level, { seed, runs })
    })
  })
}
