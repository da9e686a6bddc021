export interface Reading {
  readonly atMs: number
  readonly bytes: number
  /** The open handles at that moment. */
  readonly handles: string
}

/** What the first half reads is warm-up: rare ways are still taken, and compiled, for the first time. */
const warmUpShare = 0.5
const leastReadings = 4
const hourMs = 3_600_000

/**
 * Bytes an hour, by least squares over what comes after warm-up, of readings with the same handles
 * open: a socket that is only being dialled again is no growth. Null with too few readings.
 */
export function slopeAnHour(readings: readonly Reading[]): number | null {
  const endMs = readings.at(-1)?.atMs ?? 0
  const warm = usual(readings.filter(({ atMs }) => atMs >= endMs * warmUpShare))
  if (warm.length < leastReadings) return null
  const meanMs = mean(warm.map(({ atMs }) => atMs))
  const meanBytes = mean(warm.map(({ bytes }) => bytes))
  const along = sum(warm.map(({ atMs }) => (atMs - meanMs) ** 2))
  const risen = sum(warm.map(({ atMs, bytes }) => (atMs - meanMs) * (bytes - meanBytes)))
  return along === 0 ? null : (risen / along) * hourMs
}

/** Those whose handles are those of most. */
function usual(readings: readonly Reading[]): readonly Reading[] {
  const alike = [...Map.groupBy(readings, ({ handles }) => handles).values()]
  return alike.toSorted((a, b) => b.length - a.length)[0] ?? []
}

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0)
const mean = (values: readonly number[]): number => sum(values) / values.length
