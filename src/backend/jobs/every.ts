import type { Log } from '../log.ts'

/** Work that repeats: never twice at once, and never after `close` was awaited. */
export interface Repeating {
  /** Runs the task now, or right after the run that is under way. */
  hurry: () => void
  close: () => Promise<void>
}

/** Runs `task` at once and then again `pauseMs` after each end. A failing run is logged, no more. */
export function every(pauseMs: number, task: () => Promise<void>, log: Log): Repeating {
  let closed = false
  let again = false
  let timer: NodeJS.Timeout | null = null
  let running: Promise<void> | null = null

  const run = async (): Promise<void> => {
    try {
      await task()
    } catch (error) {
      log.error('repeating work failed', { reason: String(error) })
    }
    running = null
    if (closed) return
    timer = setTimeout(begin, again ? 0 : pauseMs)
    again = false
  }
  const begin = (): void => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    running = run()
  }

  begin()
  return {
    hurry() {
      if (closed) return
      if (running === null) begin()
      else again = true
    },
    async close() {
      closed = true
      if (timer !== null) clearTimeout(timer)
      await running
    },
  }
}
