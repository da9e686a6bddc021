import { isFinal } from '../../../shared/job.ts'
import type { Job } from '../../../shared/job.ts'
import { microsecondsOf } from './row-time.ts'
import { statusOf } from '../wire-job.ts'
import type { Identity, Wire } from '../wire-job.ts'

type Order = Pick<Identity, 'attempt' | 'seq' | 'byTime'>
type Place = Pick<Job, 'attempt' | 'seq'>

/**
 * Where a row stands among the states of its job: by its number, else by the time of its change, to
 * the microsecond. However often a row is read, it stands in the same place. Null: it tells neither.
 */
export function orderOfRow(wire: Wire, last: Job | undefined): Order | null {
  const seq = wire.seq ?? microsecondsOf(wire.updated_at ?? '')
  if (seq === null) return null
  const attempt = wire.attempt ?? last?.attempt ?? 1
  // A table that counts no attempts begins a job again in its row.
  const again = wire.attempt === undefined && last !== undefined && startsOver(wire, last, seq)
  const order = { attempt: again ? attempt + 1 : attempt, seq }
  return wire.seq === undefined ? { ...order, byTime: true } : order
}

export const isBefore = (order: Place, last: Place): boolean =>
  order.attempt < last.attempt || (order.attempt === last.attempt && order.seq < last.seq)

function startsOver(wire: Wire, last: Job, seq: number): boolean {
  const status = statusOf(wire)
  return isFinal(last.status) && status != null && !isFinal(status) && seq > last.seq
}
