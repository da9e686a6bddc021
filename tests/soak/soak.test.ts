import { expect, it } from 'vitest'
import { runSoak } from './soak.ts'

/** Three minutes, as long as `SOAK_SECONDS` does not say otherwise. */
const seconds = Number(process.env.SOAK_SECONDS ?? 180)

it(
  `a fault every 3 s on five sources for ${seconds} s: at every quiet point the store is what the server has, and nothing is left`,
  { timeout: (seconds + 180) * 1_000 },
  async () => {
    const say = (text: string): void => console.log(text)
    const { problems, handles, left, faults, quietPoints, compared } = await runSoak({
      durationMs: seconds * 1_000,
      say,
    })
    expect(problems).toEqual([])
    expect(left).toBe(0)
    expect(handles.after).toBe(handles.before)
    expect(faults).toBeGreaterThan(seconds / 8)
    expect(quietPoints).toBeGreaterThan(0)
    expect(compared).toBeGreaterThan(quietPoints * 60)
  },
)
