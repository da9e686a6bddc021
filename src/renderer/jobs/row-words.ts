/** What the cells of a row say, pure. What is not known is a dash with its reason. */
import type { JobRow } from '../../shared/job.ts'
import {
  formatAge,
  formatCount,
  formatDuration,
  formatMoment,
  formatRange,
  formatRate,
} from '../ui/format.ts'
import { durationOf, isFinished, lookOf, timeOf } from './job-state.ts'
import type { JobLook } from './job-state.ts'

/** A value, or why there is none; empty where the question makes no sense. */
export type Cell =
  | { readonly kind: 'value'; readonly text: string }
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'attention'; readonly text: string }
  | { readonly kind: 'empty' }

export interface RowWords {
  readonly look: JobLook
  readonly step: string
  readonly rows: Cell
  readonly rate: Cell
  readonly left: Cell
  readonly heard: string
}

const value = (text: string): Cell => ({ kind: 'value', text })
const unknown = (why: string): Cell => ({ kind: 'unknown', why })
const empty: Cell = { kind: 'empty' }

export const unheard = 'Not known while the connection is down'

export function rowWords(row: JobRow, nowMs: number): RowWords {
  const look = lookOf(row, nowMs)
  return {
    look,
    step: stepWords(row),
    rows: row.counters === null ? empty : value(formatCount(row.counters.done)),
    rate: rateCell(row),
    left: leftCell(row, look),
    heard: formatAge(nowMs - row.heardAtMs),
  }
}

export function stepWords(row: JobRow): string {
  if (row.status === 'queued') return 'queued'
  const tookMs = durationOf(row)
  if (row.status === 'succeeded') {
    return tookMs === null ? 'finished' : `finished in ${formatDuration(wholeSeconds(tookMs))}`
  }
  if (row.status === 'cancelled') {
    return tookMs === null ? 'cancelled' : `cancelled after ${formatDuration(wholeSeconds(tookMs))}`
  }
  if (row.step === null) return row.status === 'failed' ? 'failed' : 'running'
  return `${row.step.index} of ${row.step.total} ${row.step.label}`
}

const wholeSeconds = (ms: number): number => (ms < 10_000 ? ms : Math.round(ms / 1_000) * 1_000)

function rateCell(row: JobRow): Cell {
  if (row.status !== 'running') return empty
  if (row.remembered) return unknown(unheard)
  if (row.ratePerSecond === null) return unknown('Not enough data yet')
  return value(formatRate(row.ratePerSecond))
}

function leftCell(row: JobRow, look: JobLook): Cell {
  if (isFinished(row.status)) return empty
  if (row.status === 'queued') return unknown('Not started yet')
  if (row.remembered) return unknown(unheard)
  if (look === 'stalled') return { kind: 'attention', text: 'stalled' }
  return row.left === null ? unknown('Not enough data yet') : value(formatRange(row.left))
}

/** Progress in words, for a screen reader: "step 3 of 5, Transform". */
export function progressWords(row: JobRow): string {
  if (row.step === null || row.status === 'succeeded') return stepWords(row)
  return `step ${row.step.index} of ${row.step.total}, ${row.step.label}`
}

/** A name runs again and again: attempt and start tell one run from the next for a screen reader. */
export function progressLabel(row: JobRow, nowMs: number): string {
  const attempt = row.attempt > 1 ? `, attempt ${row.attempt}` : ''
  const [word, at] =
    row.startedAt === null ? ['created', row.createdAt] : ['started', row.startedAt]
  return `Progress of ${row.name}${attempt}, ${word} ${formatMoment(timeOf(at), nowMs)}`
}

/** Why a job failed, in one line. */
export const causeOf = (row: JobRow): string =>
  row.error?.message ?? row.message ?? 'failed without a reason'
