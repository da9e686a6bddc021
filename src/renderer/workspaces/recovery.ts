/** What interruptions came to, for as long as it is news; pure. */
import type { Gap, SourceView } from '../../shared/workspace.ts'
import { plural } from '../ui/format.ts'

/** It stands by the lamp for this long, in milliseconds. */
const newsForMs = 10_000
/** The wall clock may have been set back a little since. */
const aheadMs = 2_000

/**
 * Sources that come back together are told as one: events are summed, and what is unknown of one is
 * unknown of all. Null when the last of them is no news any more.
 */
export function recoveryNews(sources: readonly SourceView[], nowMs: number): Gap | null {
  const gaps = sources.flatMap(({ gap }) => (gap === undefined ? [] : [gap]))
  const lastAtMs = Math.max(...gaps.map(({ atMs }) => atMs))
  const ageMs = nowMs - lastAtMs
  if (gaps.length === 0 || ageMs > newsForMs || ageMs < -aheadMs) return null
  const together = gaps.filter(({ atMs }) => lastAtMs - atMs <= newsForMs)
  return {
    atMs: lastAtMs,
    recovered: together.reduce((sum, { recovered }) => sum + recovered, 0),
    missing: together.every(({ missing }) => missing === 0) ? 0 : null,
  }
}

/** The latest interruption of any source, however long ago. */
export function lastRecovery(sources: readonly SourceView[]): Gap | null {
  const gaps = sources.flatMap(({ gap }) => (gap === undefined ? [] : [gap]))
  const lastAtMs = Math.max(0, ...gaps.map(({ atMs }) => atMs))
  return recoveryNews(sources, lastAtMs)
}

/** "12 events recovered, 0 missing", or that it cannot be known. */
export function recoveryWords({ recovered, missing }: Omit<Gap, 'atMs'>): string {
  const events = `${plural(recovered, 'event')} recovered`
  if (missing === 0) return recovered === 0 ? 'no event was missed' : `${events}, 0 missing`
  const unknown = 'gap unknown: state read anew'
  return recovered === 0 ? unknown : `${events}, ${unknown}`
}
