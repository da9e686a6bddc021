export interface Reading {
  readonly atMs: number
  readonly bytes: number
}

/** What the first quarter reads is warm-up. */
const warmUpShare = 0.25
const leastReadings = 4
const hourMs = 3_600_000

/** Bytes an hour, by least squares over what comes after warm-up; null with too few readings. */
export function slopeAnHour(readings: readonly Reading[]): number | null {
  const endMs = readings.at(-1)?.atMs ?? 0
  const warm = readings.filter(({ atMs }) => atMs >= endMs * warmUpShare)
  if (warm.length < leastReadings) return null
  const meanMs = mean(warm.map(({ atMs }) => atMs))
  const meanBytes = mean(warm.map(({ bytes }) => bytes))
  const along = sum(warm.map(({ atMs }) => (atMs - meanMs) ** 2))
  const risen = sum(warm.map(({ atMs, bytes }) => (atMs - meanMs) * (bytes - meanBytes)))
  return along === 0 ? null : (risen / along) * hourMs
}

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0)
const mean = (values: readonly number[]): number => sum(values) / values.length
