/** The value below which `share` (0 to 1) of all values lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export const spread = (values: readonly number[]): string =>
  [0.5, 0.95, 1]
    .map((share) => `p${share * 100} ${percentile(values, share).toFixed(1)}`)
    .join('  ')
