import { uptime } from 'node:os'
import type { Cancel, Clock } from '../ports.ts'
import { sleepless } from './sleepless.ts'

/** The only place in main where timers are set. */
export function systemClock(): Clock {
  const armed = new Set<NodeJS.Timeout>()
  const wall = (): number => Date.now()
  return {
    now: wall,
    monotonic: sleepless({
      wall,
      steady: () => performance.now(),
      uptime: () => uptime() * 1_000,
    }),
    after(delayMs: number, run: () => void): Cancel {
      const timer = setTimeout(
        () => {
          armed.delete(timer)
          run()
        },
        Math.max(0, delayMs),
      )
      armed.add(timer)
      return () => {
        clearTimeout(timer)
        armed.delete(timer)
      }
    },
    get armed() {
      return armed.size
    },
  }
}
