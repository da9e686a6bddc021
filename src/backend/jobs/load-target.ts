import type { Queryable } from '../database/database.ts'
import type { Row } from './fields.ts'
import type { Recipe, Target } from './recipe.ts'

/** Tables and columns are constants of the recipes; only values come from files. */
const tableOf = (target: Target): string => `demo.${target.table}`

/** What the rows of one job carry; the same for all its attempts. */
export const runIdOf = ({ key }: Pick<Recipe, 'key'>, jobId: string): string => `${key}/${jobId}`

export async function insertBatch(
  inside: Queryable,
  batch: { readonly target: Target; readonly runId: string; readonly rows: readonly Row[] },
): Promise<void> {
  const { target, runId, rows } = batch
  const names = Object.keys(target.columns)
  const typed = names.map((name) => `${name} ${target.columns[name] ?? 'text'}`)
  const values = rows.map((row) => Object.fromEntries(names.map((name) => [name, row[name]])))
  await inside.query(
    `insert into ${tableOf(target)} (run_id, ${names.join(', ')})
     select $1, ${names.join(', ')} from jsonb_to_recordset($2::jsonb) as r(${typed.join(', ')})
     ${target.merge ?? ''}`,
    [runId, JSON.stringify(values)],
  )
}

/** Takes back what a run loaded: a second attempt starts from nothing. */
export async function clearRun(database: Queryable, target: Target, runId: string): Promise<void> {
  await database.query(`delete from ${tableOf(target)} where run_id = $1`, [runId])
}

/** A run that ended well takes the place of the ones before it. Answers how many rows went. */
export async function replaceOlderRuns(
  database: Queryable,
  recipe: Recipe,
  runId: string,
): Promise<number> {
  const [gone] = await database.query<{ rows: number }>(
    `with gone as (
       delete from ${tableOf(recipe.target)}
       where starts_with(run_id, $1) and run_id <> $2 returning 1
     ) select count(*)::int as rows from gone`,
    [`${recipe.key}/`, runId],
  )
  return gone?.rows ?? 0
}

export async function groupsOf(
  database: Queryable,
  target: Target,
  runId: string,
): Promise<string[]> {
  const rows = await database.query<{ key: string }>(
    `select distinct ${target.groupBy} as key from ${tableOf(target)} where run_id = $1 order by 1`,
    [runId],
  )
  return rows.map((row) => row.key)
}

/**
 * Takes back all that a cancelled job did: its rows, and its sums, in whose place the last good
 * run's come again. Only inside a transaction that holds the job.
 */
export async function undoRun(inside: Queryable, recipe: Recipe, jobId: string): Promise<void> {
  const { target, tenantId, key } = recipe
  const runId = runIdOf(recipe, jobId)
  await clearRun(inside, target, runId)
  const lost = await inside.query<{ key: string }>(
    'delete from demo.summaries where run_id = $1 returning group_key as key',
    [runId],
  )
  if (lost.length === 0) return
  const [before] = await inside.query<{ runId: string }>(
    `select max(run_id) as "runId" from ${tableOf(target)} where run_id = any (array(
       select $1 || '/' || id from public.jobs where tenant_id = $2 and status = 'succeeded'
     )) having max(run_id) is not null`,
    [key, tenantId],
  )
  if (before === undefined) return
  for (const group of lost) await sumUp(inside, recipe, { ...before, ...group })
}

/** Sums one group up; answers how many rows it has. */
export async function sumUp(
  inside: Queryable,
  recipe: Recipe,
  group: { readonly runId: string; readonly key: string },
): Promise<number> {
  const { target, tenantId, key } = recipe
  const [sum] = await inside.query<{ rows: number }>(
    `insert into demo.summaries (tenant_id, recipe, group_key, row_count, amount, run_id)
     select $1, $2, $3, count(*), ${target.amount === null ? 'null' : `sum(${target.amount})`}, $4
     from ${tableOf(target)} where run_id = $4 and ${target.groupBy} = $3
     on conflict (tenant_id, recipe, group_key) do update
       set row_count = excluded.row_count, amount = excluded.amount, run_id = excluded.run_id
     returning row_count::int as rows`,
    [tenantId, key, group.key, group.runId],
  )
  return sum?.rows ?? 0
}
