import type { JobRow } from '../../shared/job.ts'
import { TheirText } from '../ui/their-text.tsx'

/** What a job is called, its kind, and which attempt it is. */
export function JobName({ row }: { readonly row: Pick<JobRow, 'name' | 'kind' | 'attempt'> }) {
  return (
    <>
      <TheirText className="job-name" text={row.name} />{' '}
      <TheirText className="job-kind" text={row.kind} />
      {row.attempt > 1 && <span className="job-kind"> attempt {row.attempt}</span>}
    </>
  )
}
