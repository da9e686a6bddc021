import fc from 'fast-check'
import type { Level } from './level.ts'
import { anyStep } from './source-steps.ts'
import { SourcesLife } from './sources.ts'
import type { Kind } from './sources.ts'

/** Sources, on sockets and requests of a network that does all that networks do. */
const level = (name: string, share: number, kinds: readonly Kind[]): Level => ({
  name,
  invariants: ['I1', 'I2', 'I6', 'I8', 'I10', 'I11', 'I12', 'I13', 'I14'],
  share,
  needs: ['events', 'live', 'reconnecting'],
  property: (seen) =>
    fc.asyncProperty(
      fc.array(anyStep, { maxLength: 25, size: 'max' }),
      fc.boolean(),
      fc.boolean(),
      async (steps, cut, isTold) => {
        const life = new SourcesLife(seen, kinds)
        await life.step({ do: 'pass', ms: 1 })
        for (const step of steps) await life.step(step)
        await life.end(cut, isTold)
      },
    ),
})

export const progressLevel = level('a socket a job', 3_000, ['progress'])
export const streamLevel = level('the stream of a tenant', 6_000, ['stream'])
export const bothLevel = level('a stream beside a socket a job', 2_000, ['stream', 'progress'])
export const realtimeLevel = level('a table told by Realtime', 1_500, ['realtime'])
export const pollingLevel = level('a table that is polled', 500, ['polling'])
export const mixedLevel = level('a stream beside a table', 1_000, ['stream', 'realtime'])
