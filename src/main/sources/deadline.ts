import { AppError } from '../lib/app-error.ts'
import type { Clock } from '../ports.ts'

export interface Deadline {
  readonly clock: Clock
  /** Ends the run early; its timer goes at once. */
  readonly signal: AbortSignal
  readonly afterMs: number
}

/**
 * Runs something that may never come back. Rejects with `timed_out` or `cancelled` even if what
 * runs ignores its signal, and leaves neither timer nor listener behind.
 */
export async function withDeadline<T>(
  { clock, signal, afterMs }: Deadline,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const { promise: ended, reject } = Promise.withResolvers<never>()
  const end = (error: AppError): void => {
    cancelTimer()
    signal.removeEventListener('abort', cancel)
    reject(error)
    controller.abort(error)
  }
  const cancelTimer = clock.after(afterMs, () =>
    end(new AppError('timed_out', `no answer within ${afterMs} ms`)),
  )
  const cancel = (): void => end(new AppError('cancelled', 'no longer wanted'))
  signal.addEventListener('abort', cancel)
  if (signal.aborted) cancel()
  try {
    return await Promise.race([run(controller.signal), ended])
  } finally {
    cancelTimer()
    signal.removeEventListener('abort', cancel)
  }
}
