import type { Random } from '../ports.ts'

const firstCapMs = 2_000
const capMs = 30_000
const retryAfterFloorMs = 1_000
const retryAfterCapMs = 60_000

export interface Backoff {
  /** Failed dials since a connection last proved itself, the one just failed not counted. */
  readonly failures: number
  /** What the server asked for; jitter comes on top, so that its clients do not return together. */
  readonly minDelayMs: number
  readonly random: Random
}

/** Full jitter: U(0, min(30 s, 2 s · 2ⁿ)). */
export function backoffMs({ failures, minDelayMs, random }: Backoff): number {
  const cap = Math.min(capMs, firstCapMs * 2 ** Math.min(failures, 16))
  return minDelayMs + random() * cap
}

/** A `Retry-After` held between 1 s and 60 s; 0 when the server asked for nothing. */
export function clampRetryAfter(retryAfterMs: number | null): number {
  if (retryAfterMs === null) return 0
  return Math.min(retryAfterCapMs, Math.max(retryAfterFloorMs, retryAfterMs))
}
