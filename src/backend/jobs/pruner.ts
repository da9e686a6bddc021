import type { Database } from '../database/database.ts'

/** Finished jobs are kept this long, and so many a tenant. */
const keptHours = 24
const keptJobs = 300
/** Of the log of changes each tenant keeps so much, whichever is more (gateway-protocol §4). */
const keptChanges = { count: 10_000, minutes: 10 }
/** So many changes a tenant are looked at in one statement. */
const prunedAtOnce = 5_000
const keptAuditDays = 30

/** Forgets old jobs with their lines. Only where all jobs are ours: nobody else's may be forgotten. */
export async function pruneJobs(database: Database): Promise<void> {
  await database.query(
    `delete from public.jobs where id in (
       select id from (
         select id, finished_at, row_number() over (partition by tenant_id order by finished_at desc) as age
         from public.jobs where finished_at is not null and queue in ('sample', 'translation')
       ) as finished
       where age > $1 or finished_at < clock_timestamp() - make_interval(hours => $2)
     )`,
    [keptJobs, keptHours],
  )
}

/** Forgets what was written down beside the jobs: changes, audit lines, workers that are gone. */
export async function pruneRecords(database: Database): Promise<void> {
  await pruneChanges(database)
  await database.query(
    'delete from public.audit_log where at < clock_timestamp() - make_interval(days => $1)',
    [keptAuditDays],
  )
  await database.query(
    `delete from public.job_workers where seen_at < clock_timestamp() - interval '1 hour'`,
  )
}

/** From the oldest on, a bounded piece at a time; the newest changes are what clients resume from. */
async function pruneChanges(database: Database): Promise<void> {
  let pruned = prunedAtOnce
  while (pruned >= prunedAtOnce) {
    const [row] = await database.query<{ pruned: number }>(
      `with recursive tenants(id) as (
         (select tenant_id from public.job_changes order by tenant_id limit 1)
         union all
         select (select c.tenant_id from public.job_changes c where c.tenant_id > tenants.id
                 order by c.tenant_id limit 1)
         from tenants where tenants.id is not null
       ),
       old as (
         select oldest.position
         from tenants cross join lateral (
           select c."offset" from public.job_changes c where c.tenant_id = tenants.id
           order by c."offset" desc limit 1
         ) as newest cross join lateral (
           select c.position, c.at from public.job_changes c
           where c.tenant_id = tenants.id and c."offset" <= newest."offset" - $1
           order by c."offset" limit $3
         ) as oldest
         where oldest.at < clock_timestamp() - make_interval(mins => $2)
       ),
       gone as (
         delete from public.job_changes where position = any (array(select position from old))
         returning 1
       )
       select count(*)::int as pruned from gone`,
      [keptChanges.count, keptChanges.minutes, prunedAtOnce],
    )
    pruned = row?.pruned ?? 0
  }
}
