import type { Database } from '../database/database.ts'

/** Finished jobs are kept this long, and so many a tenant. */
const keptHours = 24
const keptJobs = 300
/** Events without a line are kept for clients that come back after a short absence. */
const keptEventMinutes = 10
const keptAuditDays = 30

/** Forgets what is old: jobs with their events, events that only moved numbers, audit lines. */
export async function prune(database: Database): Promise<void> {
  await database.query(
    `delete from public.jobs where id in (
       select id from (
         select id, finished_at, row_number() over (partition by tenant_id order by finished_at desc) as age
         from public.jobs where finished_at is not null and queue = 'sample'
       ) as finished
       where age > $1 or finished_at < clock_timestamp() - make_interval(hours => $2)
     )`,
    [keptJobs, keptHours],
  )
  await database.query(
    `delete from public.job_events
     where text is null and at < clock_timestamp() - make_interval(mins => $1)`,
    [keptEventMinutes],
  )
  await database.query(
    'delete from public.audit_log where at < clock_timestamp() - make_interval(days => $1)',
    [keptAuditDays],
  )
  await database.query(
    `delete from public.job_workers where seen_at < clock_timestamp() - interval '1 hour'`,
  )
}
