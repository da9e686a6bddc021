import { describe, expect, it } from 'vitest'
import { every } from '../../../../src/backend/jobs/every.ts'
import { createLog } from '../../../../src/backend/log.ts'

const lines: string[] = []
const log = createLog('test', (line) => void lines.push(line))

describe('repeating work', () => {
  it('never runs twice at once, and closing waits for the run under way', async () => {
    let running = 0
    let runs = 0
    const gate = Promise.withResolvers<undefined>()
    const repeating = every(
      0,
      async () => {
        running += 1
        expect(running).toBe(1)
        runs += 1
        if (runs === 3) await gate.promise
        running -= 1
      },
      log,
    )
    while (runs < 3) await new Promise(setImmediate)
    repeating.hurry()
    const closing = repeating.close()
    gate.resolve(undefined)
    await closing
    expect(running).toBe(0)
    expect(runs).toBe(3)
  })

  it('goes on after a run that failed, and says so', async () => {
    let runs = 0
    const done = Promise.withResolvers<undefined>()
    const repeating = every(
      0,
      async () => {
        runs += 1
        if (runs === 1) throw new Error('the first one')
        done.resolve(undefined)
      },
      log,
    )
    await done.promise
    await repeating.close()
    expect(lines.join()).toContain('the first one')
  })
})
