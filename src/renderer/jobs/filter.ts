import type { JobRow, JobStatus } from '../../shared/job.ts'

export interface JobFilter {
  readonly text: string
  /** Empty means all. */
  readonly statuses: readonly JobStatus[]
}

export const noFilter: JobFilter = { text: '', statuses: [] }

export const isFiltering = (filter: JobFilter): boolean =>
  filter.text.trim() !== '' || filter.statuses.length > 0

/** Every word has to occur in the name, the kind, the tenant, the id or the error. */
export function matcher(
  filter: JobFilter,
  nameOf: (tenantId: string) => string,
): (row: JobRow) => boolean {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean)
  const statuses = new Set(filter.statuses)
  return (row) => {
    if (statuses.size > 0 && !statuses.has(row.status)) return false
    if (words.length === 0) return true
    const error = row.error === null ? '' : `${row.error.code} ${row.error.message}`
    const text =
      `${row.name}\n${row.kind}\n${nameOf(row.tenantId)}\n${row.id}\n${error}`.toLowerCase()
    return words.every((word) => text.includes(word))
  }
}
