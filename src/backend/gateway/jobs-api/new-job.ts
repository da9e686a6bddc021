import type { WireJob } from '../../../shared/job.ts'
import type { Queryable } from '../../database/database.ts'
import { newJobId } from '../../jobs/job-id.ts'
import { recipeFor, recipes, type Task } from '../../jobs/recipes.ts'
import type { Claims } from '../../tokens/claims.ts'
import { forbidden, refuse, type Answer } from '../answers.ts'
import { isAdmin, nameOf } from './job-acts.ts'
import type { NewJobBody } from './job-bodies.ts'

/** Jobs of one tenant that may wait. */
const mostWaiting = 500
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Queues a job of a known recipe, or a translation. Everything about its tenant comes from claims. */
export async function createJob(
  inside: Queryable,
  claims: Claims,
  body: NewJobBody,
): Promise<Answer> {
  const tenantId = chooseTenant(claims, body)
  if (typeof tenantId !== 'string') return tenantId
  if (!isAdmin(claims, tenantId)) return forbidden('admin', tenantId)
  const task = findTask(tenantId, body)
  if ('status' in task) return task
  if (await isFull(inside, tenantId)) {
    const message = `${mostWaiting} jobs of this tenant wait already; try again later.`
    return refuse(429, 'queue_full', { message, retryAfterSeconds: 10 })
  }
  const asked: Asked = { claims, tenantId, body, task }
  const id = await ('document' in body.input
    ? insertTranslation(inside, asked)
    : insertSample(inside, asked))
  const [row] = await inside.query<{ job: WireJob }>(
    `update public.jobs j set note = jsonb_build_object('text', $2::text) where id = $1
     returning public.job_wire(j) as job`,
    [id, `Queued by ${nameOf(claims)}`],
  )
  if (row === undefined) throw new Error('a job that was queued is not there')
  return { status: 201, body: row.job, headers: { location: `/api/v1/jobs/${id}` } }
}

/** What is not the caller's is answered as what is not there. */
function chooseTenant({ tenants }: Claims, { tenant_id: wanted }: NewJobBody): string | Answer {
  const ids = tenants.map(({ id }) => id)
  if (wanted === undefined) {
    const [only] = ids
    return only !== undefined && ids.length === 1
      ? only
      : invalid(`tenant_id: is needed, for the token names ${ids.length} tenants`)
  }
  return ids.includes(wanted) ? wanted : invalid('tenant_id: is not a tenant of the token')
}

function findTask(tenantId: string, { input }: NewJobBody): Task | Answer {
  const task = recipeFor({ tenantId, input })
  if (task === null) {
    if ('document' in input) return invalid('input.document: is not known in these languages')
    const known = recipes.filter((one) => one.tenantId === tenantId).map(({ key }) => key)
    return invalid(`input.recipe: must be one of ${known.join(', ')}`)
  }
  if ('recipe' in input && input.file !== undefined && input.file !== task.file) {
    return invalid(`input.file: must be one of ${[...new Set(task.recipe.files)].join(', ')}`)
  }
  return task
}

async function isFull(inside: Queryable, tenantId: string): Promise<boolean> {
  const [row] = await inside.query<{ waiting: number }>(
    `select count(*)::int as waiting from public.jobs
     where tenant_id = $1 and status = 'queued' and queue <> 'bulk'`,
    [tenantId],
  )
  return (row?.waiting ?? 0) >= mostWaiting
}

interface Asked {
  readonly claims: Claims
  readonly tenantId: string
  readonly body: NewJobBody
  readonly task: Task
}

async function insertSample(inside: Queryable, asked: Asked): Promise<string> {
  const { tenantId, body, task } = asked
  const id = newJobId()
  const { key: recipe, name, kind } = task.recipe
  const input = JSON.stringify({ recipe, file: task.file })
  await inside.query(
    `insert into public.jobs (id, name, kind, tenant_id, input, message)
     values ($1, $2, $3, $4, $5, 'Waiting for a worker')`,
    [id, body.name ?? name, kind, tenantId, input],
  )
  return id
}

/** A trigger makes the job that belongs to it, under the same id. */
async function insertTranslation(inside: Queryable, asked: Asked): Promise<string> {
  const { claims, tenantId, body } = asked
  const { document, source_language: from, target_language: to } = body.input as Translation
  const author = uuid.test(claims.userId) ? claims.userId : null
  const [row] = await inside.query<{ id: string }>(
    `insert into public.translation_jobs
       (tenant_id, name, document, source_language, target_language, created_by)
     values ($1, $2, $3, $4, $5, $6) returning id::text`,
    [tenantId, body.name ?? null, document, from, to, author],
  )
  if (row === undefined) throw new Error('a translation that was queued is not there')
  return row.id
}

type Translation = Extract<NewJobBody['input'], { document: string }>

const invalid = (message: string): Answer => refuse(422, 'job_invalid', { message })
