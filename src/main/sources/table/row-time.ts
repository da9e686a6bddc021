const pattern = /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d(?::?\d\d)?)?$/

/** A time as PostgreSQL tells it, in microseconds since the epoch, exactly; without a zone UTC. */
export function microsecondsOf(text: string): number | null {
  const [, moment, fraction = '', zone = 'Z'] = pattern.exec(text) ?? []
  if (moment === undefined) return null
  const seconds = Date.parse(`${moment.replace(' ', 'T')}${inFull(zone)}`) / 1_000
  const micros = seconds * 1_000_000 + Number(fraction.padEnd(6, '0'))
  return Number.isSafeInteger(micros) && micros >= 0 ? micros : null
}

/** The same moment as RFC 3339, UTC, with all six digits. */
export function timeText(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000)
  const fraction = String(micros - seconds * 1_000_000).padStart(6, '0')
  return `${new Date(seconds * 1_000).toISOString().slice(0, 19)}.${fraction}Z`
}

/** `+00`, `+0530` and `+05:30`, as `Date.parse` takes it. */
function inFull(zone: string): string {
  if (zone === 'Z') return zone
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0')
  return `${zone.slice(0, 1)}${digits.slice(0, 2)}:${digits.slice(2)}`
}
