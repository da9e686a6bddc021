import { isFinal } from '../../shared/job.ts'
import type { Job } from '../../shared/job.ts'

/**
 * The state after hearing `heard` while `known` was known; `known` itself when nothing changed.
 * Whatever the order of arrival, the same events lead to the same state: a higher attempt wins,
 * then an end, then the higher seq; within an attempt progress never falls (I9, I10).
 */
export function merge(known: Job, heard: Job): Job {
  if (heard.attempt !== known.attempt) return heard.attempt > known.attempt ? heard : known
  const isAfterEnd = isFinal(known.status) && !isFinal(heard.status) && heard.seq > known.seq
  if (isAfterEnd) return known
  const winner = wins(heard, known) ? heard : known
  const progress = Math.max(known.progress, heard.progress)
  return winner.progress === progress ? winner : { ...winner, progress }
}

function wins(heard: Job, known: Job): boolean {
  const ends = isFinal(heard.status)
  if (ends !== isFinal(known.status)) return ends
  // Of two ends the first one holds; of two other states the later one.
  return ends ? heard.seq < known.seq : heard.seq > known.seq
}
