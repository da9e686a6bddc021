import type { Cancel, Clock } from '../ports.ts'

/** The only place in main where timers are set. */
export function systemClock(): Clock {
  const armed = new Set<NodeJS.Timeout>()
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after(delayMs: number, run: () => void): Cancel {
      const timer = setTimeout(() => {
        armed.delete(timer)
        run()
      }, delayMs)
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
