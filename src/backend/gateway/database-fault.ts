/** PostgreSQL's and Node's codes for "not now": refused, shutting down, starting up, too many. */
const unreachableCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  '08000',
  '08003',
  '08006',
  '53300',
  '57P01',
  '57P02',
  '57P03',
])

/** Whether the database could not be asked, as against having answered with an error. */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('code' in error && typeof error.code === 'string') return unreachableCodes.has(error.code)
  // The driver has no code for a connection that ended, or could not be had in time.
  return /Connection terminated|timeout exceeded when trying to connect|pool after calling end/.test(
    error.message,
  )
}
