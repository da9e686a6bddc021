const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
}
/** Go's durations end after 292 years. */
const mostMs = 292 * 365.25 * 24 * 3_600_000

/** A time as Go writes it, such as `24h` or `1h30m`, in milliseconds; null when it is none. */
export function parseDuration(text: string): number | null {
  const [, sign = '', parts = ''] =
    /^([+-]?)((?:\d{1,15}(?:\.\d{1,9})?[a-zµ]{1,2}){1,8})$/.exec(text) ?? []
  if (parts === '') return text === '0' ? 0 : null
  let totalMs = 0
  for (const [, count, unit = ''] of parts.matchAll(/(\d+(?:\.\d+)?)([a-zµ]+)/g)) {
    const each = Object.hasOwn(unitMs, unit) ? unitMs[unit] : undefined
    if (each === undefined) return null
    totalMs += Number(count) * each
  }
  if (totalMs > mostMs) return null
  return sign === '-' ? -totalMs : totalMs
}
