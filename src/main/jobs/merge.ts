import { isFinal } from '../../shared/job.ts'
import type { Job, UntoldField } from '../../shared/job.ts'

type Ordered = Pick<Job, 'seq' | 'byTime' | 'updatedAt'>

/**
 * The state after hearing `heard` while `known` was known; `known` itself when nothing changed.
 * Whatever the order of arrival, the same events lead to the same state: a higher attempt wins,
 * then an end, then the later event; within an attempt progress never falls (I9, I10).
 */
export function merge(known: Job, heard: Job): Job {
  if (heard.attempt !== known.attempt) {
    return heard.attempt > known.attempt ? completed(heard, known) : completed(known, heard)
  }
  const isAfterEnd =
    isFinal(known.status) && !isFinal(heard.status) && compareEvents(heard, known) > 0
  if (isAfterEnd) return completed(known, heard)
  const winner = wins(heard, known) ? completed(heard, known) : completed(known, heard)
  const progress = Math.max(known.progress, heard.progress)
  return winner.progress === progress ? winner : { ...winner, progress }
}

/** What is the same in all attempts of a job. */
const lasting: ReadonlySet<UntoldField> = new Set(['name', 'kind', 'createdAt'])

/** What a source never tells is taken from the other state, where that one's source does. */
function completed(job: Job, other: Job): Job {
  const { untold } = job
  if (untold === undefined) return job
  const isSame = job.attempt === other.attempt
  const told = untold.filter(
    (field) => (isSame || lasting.has(field)) && other.untold?.includes(field) !== true,
  )
  if (told.length === 0) return job
  const taken: Partial<Job> = Object.fromEntries(told.map((field) => [field, other[field]]))
  return { ...job, ...taken, untold: untold.filter((field) => !told.includes(field)) }
}

/**
 * Which of two events of one attempt came later: positive when `a` did. By the server's number where
 * both have one; where one of them comes from a source without numbers, by the server's time.
 */
export function compareEvents(a: Ordered, b: Ordered): number {
  // The same moment: the numbered one says more.
  return apart(a, b) || Number(b.byTime === true) - Number(a.byTime === true)
}

/** The same, but 0 for one event told with a number and without. */
export function apart(a: Ordered, b: Ordered): number {
  if (a.byTime === b.byTime) return a.seq - b.seq
  const apartMs = Date.parse(a.updatedAt) - Date.parse(b.updatedAt)
  return Number.isNaN(apartMs) ? 0 : apartMs
}

/** Whether `job` says less than what is known of the same job. */
export const isOlder = (job: Job, known: Job): boolean =>
  job.attempt < known.attempt || (job.attempt === known.attempt && apart(job, known) < 0)

function wins(heard: Job, known: Job): boolean {
  const ends = isFinal(heard.status)
  if (ends !== isFinal(known.status)) return ends
  const order = apart(heard, known)
  if (order === 0) return compareEvents(heard, known) > 0
  // Of two ends the first one holds; of two other states the later one.
  return ends ? order < 0 : order > 0
}
