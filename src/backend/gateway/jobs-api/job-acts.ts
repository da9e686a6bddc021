import { isFinal, jobIdPattern, type JobStatus, type WireJob } from '../../../shared/job.ts'
import type { Queryable } from '../../database/database.ts'
import { undoRun } from '../../jobs/load-target.ts'
import { recipeFor } from '../../jobs/recipes.ts'
import type { Claims } from '../../tokens/claims.ts'
import { forbidden, noSuchJob, ok, refuse, type Answer } from '../answers.ts'

interface Locked {
  readonly id: string
  readonly tenantId: string
  readonly status: JobStatus
  readonly input: Readonly<Record<string, unknown>>
}

/** Who acts, as the job's record tells it. */
export const nameOf = ({ email, userId }: Claims): string =>
  (email === '' ? userId : email).slice(0, 200)

export const isAdmin = ({ tenants }: Claims, tenantId: string): boolean =>
  tenants.find(({ id }) => id === tenantId)?.role === 'admin'

/** Ends a job that waits or runs. What it had loaded goes in the same transaction. */
export async function cancelJob(inside: Queryable, claims: Claims, id: string): Promise<Answer> {
  const job = await lock(inside, claims, id)
  if ('refused' in job) return job.refused
  if (isFinal(job.status)) {
    return refuse(409, 'job_not_cancellable', {
      message: `The job has ended: it is ${job.status}.`,
    })
  }
  // From here on its worker finds nothing to write to, and stops at its next batch.
  const answer = await move(inside, job.id, {
    line: `Cancelled by ${nameOf(claims)}`,
    set: `status = 'cancelled', finished_at = clock_timestamp(), worker = null, message = $2,
     note = jsonb_build_object('level', 'warning', 'text', $2::text)`,
  })
  const task = recipeFor(job)
  if (task !== null) await undoRun(inside, task.recipe, job.id)
  return answer
}

/** Another attempt at a job that failed or was cancelled. To do again what succeeded is a new job. */
export async function retryJob(inside: Queryable, claims: Claims, id: string): Promise<Answer> {
  const job = await lock(inside, claims, id)
  if ('refused' in job) return job.refused
  if (job.status !== 'failed' && job.status !== 'cancelled') {
    return refuse(409, 'job_not_retryable', {
      message: `Only a failed or cancelled job is tried again: this one is ${job.status}.`,
    })
  }
  return move(inside, job.id, {
    line: `Queued again by ${nameOf(claims)}`,
    set: `status = 'queued', attempt = attempt + 1, progress = 0, step = null, counters = null,
     error = null, worker = null, started_at = null, finished_at = null, message = $2,
     note = jsonb_build_object('text', $2::text)`,
  })
}

/** The row is held until the transaction ends: two acts on one job come one after the other. */
async function lock(
  inside: Queryable,
  claims: Claims,
  id: string,
): Promise<Locked | { readonly refused: Answer }> {
  const [job] = jobIdPattern.test(id)
    ? await inside.query<Locked>(
        `select id, tenant_id as "tenantId", status, input from public.jobs
         where id = $1 and tenant_id = any ($2) for update`,
        [id, claims.tenants.map((tenant) => tenant.id)],
      )
    : []
  if (job === undefined) return { refused: noSuchJob() }
  return isAdmin(claims, job.tenantId) ? job : { refused: forbidden('admin', job.tenantId) }
}

/** `set` may use `$2`, the line that says what was done and by whom. */
async function move(
  inside: Queryable,
  id: string,
  { set, line }: { readonly set: string; readonly line: string },
): Promise<Answer> {
  const [row] = await inside.query<{ job: WireJob }>(
    `update public.jobs j set ${set} where id = $1 returning public.job_wire(j) as job`,
    [id, line],
  )
  return row === undefined ? noSuchJob() : ok(row.job)
}
