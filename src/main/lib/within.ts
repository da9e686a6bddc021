import type { Clock } from '../ports.ts'

/** What the task came to, or `late` when it took longer; it goes on all the same. */
export async function within<T>(
  clock: Clock,
  limitMs: number,
  task: Promise<T>,
): Promise<T | 'late'> {
  const { promise: late, resolve } = Promise.withResolvers<'late'>()
  const cancel = clock.after(limitMs, () => resolve('late'))
  try {
    return await Promise.race([task, late])
  } finally {
    cancel()
  }
}
