import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { WireJob } from '../../../shared/job.ts'
import type { Database, Queryable } from '../../database/database.ts'
import type { Claims } from '../../tokens/claims.ts'
import { forbidden, noSuchJob, refuse, type Answer } from '../answers.ts'
import type { Audit } from '../audit.ts'
import { remoteAddress } from '../credential.ts'
import type { Guard } from '../guard.ts'
import { cancelJob, isAdmin, retryJob } from './job-acts.ts'
import { parseIdempotencyKey, parseNewJob, parseNothing } from './job-bodies.ts'
import { actOnce } from './job-requests.ts'
import { createJob } from './new-job.ts'

export interface ActRoutesContext {
  readonly guarded: Guard
  readonly database: Database
  readonly audit: Audit
  readonly behindProxy: boolean
}

/** Nothing that is asked for here needs more. */
const bodyLimit = 16 * 1024

/** What is asked for, once it has been read. */
interface Act {
  readonly action: 'job.create' | 'job.cancel' | 'job.retry'
  /** Null where the job is still to be made. */
  readonly subject: string | null
  readonly body: object
  readonly run: (inside: Queryable) => Promise<Answer>
}

/** Making, cancelling and retrying jobs (gateway-protocol §2): idempotent, for admins, written down. */
export function registerActs(app: FastifyInstance, context: ActRoutesContext): void {
  const { guarded } = context
  app.post(
    '/api/v1/jobs',
    { bodyLimit },
    guarded(async (claims, request) => {
      const body = parseNewJob(request.body)
      if ('fault' in body) return invalid(body.fault)
      const run: Act['run'] = (inside) => createJob(inside, claims, body.value)
      const act = { action: 'job.create', subject: null, body: body.value, run } as const
      return perform(context, { claims, request, act })
    }),
  )
  const acts = [
    ['cancel', 'job.cancel', cancelJob],
    ['retry', 'job.retry', retryJob],
  ] as const
  for (const [word, action, carryOut] of acts) {
    app.post(
      `/api/v1/jobs/:job/${word}`,
      { bodyLimit },
      guarded(async (claims, request) => {
        const body = parseNothing(request.body)
        if ('fault' in body) return invalid(body.fault)
        const { job: subject } = request.params as { readonly job: string }
        const run: Act['run'] = (inside) => carryOut(inside, claims, subject)
        return perform(context, { claims, request, act: { action, subject, body: {}, run } })
      }),
    )
  }
}

interface Asked {
  readonly claims: Claims
  readonly request: FastifyRequest
  readonly act: Act
}

async function perform(context: ActRoutesContext, asked: Asked): Promise<Answer> {
  const { database, audit, behindProxy } = context
  const { claims, request, act } = asked
  const key = parseIdempotencyKey(request.headers['idempotency-key'])
  if ('fault' in key) return refuse(400, 'request_invalid', { message: key.fault })
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([act.action, act.subject, act.body]))
    .digest('hex')
  const { userId } = claims
  const answered = await actOnce(database, { userId, key: key.value, fingerprint }, act.run)
  const answer = isReplay(answered) ? judgeReplay(claims, answered) : answered
  audit.write({
    claims,
    action: act.action,
    subject: act.subject ?? made(answer),
    remoteAddress: remoteAddress(request.raw, behindProxy),
    result: resultOf(answer),
  })
  return answer
}

const isReplay = ({ headers }: Answer): boolean => headers?.['idempotency-replayed'] !== undefined

/** What was answered a day ago is only for those who might ask for it now. */
function judgeReplay(claims: Claims, answer: Answer): Answer {
  const { tenant_id: tenantId } = answer.body as WireJob
  if (isAdmin(claims, tenantId)) return answer
  return claims.tenants.some(({ id }) => id === tenantId)
    ? forbidden('admin', tenantId)
    : noSuchJob()
}

const made = ({ body }: Answer): string | null =>
  'id' in body && typeof body.id === 'string' ? body.id : null

function resultOf(answer: Answer): string {
  if (answer.status < 400) return isReplay(answer) ? 'replayed' : 'done'
  const { error } = answer.body as { readonly error: { readonly code: string } }
  return error.code
}

const invalid = (message: string): Answer => refuse(422, 'job_invalid', { message })
