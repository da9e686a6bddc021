const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const oneDigit = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** 15,720 · 1.2 M · 3.4 bn */
export function formatCount(count: number): string {
  if (count >= 1e9) return `${oneDigit.format(count / 1e9)} bn`
  if (count >= 1e6) return `${oneDigit.format(count / 1e6)} M`
  return whole.format(count)
}

/** 15,720, in full. */
export const formatWhole = (count: number): string => whole.format(count)

/** 812 B · 4.3 kB · 2.1 MB */
export function formatBytes(bytes: number): string {
  if (bytes >= 1e9) return `${oneDigit.format(bytes / 1e9)} GB`
  if (bytes >= 1e6) return `${oneDigit.format(bytes / 1e6)} MB`
  return bytes >= 1e3 ? `${oneDigit.format(bytes / 1e3)} kB` : `${whole.format(bytes)} B`
}

/** 412/s, and below ten one digit more. */
export const formatRate = (perSecond: number): string =>
  `${perSecond > 0 && perSecond < 10 ? oneDigit.format(perSecond) : formatCount(perSecond)}/s`

/** 52.4%; a hundred only when it is a hundred. */
export function formatPercent(percent: number): string {
  if (percent >= 100) return '100%'
  return `${(Math.floor(percent * 10) / 10).toFixed(1)}%`
}

/** How old something is: 0.3 s · 41 s · 6 min · 3 h · 2 d. A clock that jumped back gives 0.0 s. */
export function formatAge(ageMs: number): string {
  const age = Math.max(0, ageMs)
  if (age < 9_950) return `${(age / second).toFixed(1)} s`
  if (age < minute) return `${Math.floor(age / second)} s`
  if (age < hour) return `${Math.floor(age / minute)} min`
  if (age < day) return `${Math.floor(age / hour)} h`
  return `${Math.floor(age / day)} d`
}

/** A time to wait: whole seconds, rounded up, so that it never says 0 while one still waits. */
export function formatWait(waitMs: number): string {
  const seconds = Math.max(1, Math.ceil(waitMs / second))
  return seconds < 100 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`
}

/**
 * The wait for a moment. It counts from the last whole second of the clock, as the beat of the window
 * does, so that two places that are drawn apart never differ.
 */
export const formatWaitUntil = (atMs: number, nowMs: number): string =>
  formatWait((Math.round(atMs / second) - Math.floor(nowMs / second)) * second)

/** The second unit is left out when it is zero. */
const inTwo = (
  amount: number,
  [per, unit, restUnit]: readonly [number, string, string],
): string => {
  const rest = amount % per
  const first = `${Math.floor(amount / per)} ${unit}`
  return rest === 0 ? first : `${first} ${rest} ${restUnit}`
}

/** 0.8 s · 48 s · 2 min 11 s · 1 h 5 min · 3 d 4 h */
export function formatDuration(durationMs: number): string {
  const ms = Math.max(0, durationMs)
  if (ms < 9_950 && ms % second !== 0) return `${(ms / second).toFixed(1)} s`
  const seconds = Math.round(ms / second)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return inTwo(seconds, [60, 'min', 's'])
  const minutes = Math.round(seconds / 60)
  if (minutes < 1_440) return inTwo(minutes, [60, 'h', 'min'])
  return inTwo(Math.round(minutes / 60), [24, 'd', 'h'])
}

export interface TimeRange {
  readonly lowMs: number
  readonly highMs: number
}

/** A range in the unit of its upper end: 5 s · 14–18 s · ~1 min · 3–4 min · under 2 min. */
export function formatRange({ lowMs, highMs }: TimeRange): string {
  const [unitMs, unit] =
    highMs < minute - 500 ? [second, 's'] : highMs < 90 * minute ? [minute, 'min'] : [hour, 'h']
  const low = Math.round(lowMs / unitMs)
  const high = Math.max(1, Math.round(highMs / unitMs))
  if (low >= high) return unit === 's' ? `${high} s` : `~${high} ${unit}`
  return low === 0 ? `under ${high} ${unit}` : `${low}–${high} ${unit}`
}

/** The same in full: 50 s to 1 min 20 s. */
export function formatRangeInFull({ lowMs, highMs }: TimeRange): string {
  const whole = (ms: number): number => Math.round(ms / second) * second
  const low = formatDuration(whole(lowMs))
  const high = formatDuration(whole(highMs))
  return low === high ? `about ${high}` : `${low} to ${high}`
}

const clock = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const dayAndMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })

/** 14:03:12 in the operator's own time zone. */
export const formatClock = (wallMs: number): string => clock.format(wallMs)

/** 14:03:12 today, 27 Nov 14:03 on another day, 27 Nov 2025 14:03 in another year. */
export function formatMoment(wallMs: number, nowMs: number): string {
  const then = new Date(wallMs)
  const now = new Date(nowMs)
  if (then.toDateString() === now.toDateString()) return clock.format(wallMs)
  const year = then.getFullYear() === now.getFullYear() ? '' : ` ${then.getFullYear()}`
  return `${dayAndMonth.format(wallMs)}${year} ${clock.format(wallMs).slice(0, 5)}`
}

/** "1 job", "3 jobs". */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${whole.format(count)} ${count === 1 ? one : many}`
