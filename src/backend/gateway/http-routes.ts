import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Log } from '../log.ts'
import type { Claims } from '../tokens/claims.ts'
import type { Verifier } from '../tokens/verifier.ts'
import {
  cannotVerify,
  noSuchJob,
  notReady,
  ok,
  refuse,
  refuseToken,
  type Answer,
} from './answers.ts'
import { bearerToken } from './credential.ts'
import { isUnreachable } from './database-fault.ts'
import type { JobReader } from './job-reader.ts'
import { eventsQuery, jobKey, jobsQuery, parseQuery, statusQuery } from './queries.ts'
import type { RequestBudget } from './request-budget.ts'
import type { SocketRegistry } from './socket-registry.ts'

export interface RoutesContext {
  readonly verifier: Verifier
  readonly reader: JobReader
  readonly sockets: SocketRegistry
  readonly budget: RequestBudget
  readonly log: Log
}

type Handle = (claims: Claims, request: FastifyRequest) => Promise<Answer>

/** Discovery and the jobs API, read only (gateway-protocol §2). Everything needs a bearer token. */
export function registerRoutes(app: FastifyInstance, context: RoutesContext): void {
  const { reader, sockets } = context
  const guarded = guard(context)

  app.get(
    '/api/v1/websocket/status',
    guarded(async (claims, request) => {
      const query = parseQuery(statusQuery, request.query)
      if ('fault' in query) return unprocessable(query.fault)
      const tenantIds = claims.tenants.map((tenant) => tenant.id)
      const wanted = query.value.active_jobs === 'true'
      return ok({
        tenant_ids: tenantIds,
        active_jobs: wanted ? await reader.active(claims) : [],
        connections: sockets.countFor(tenantIds),
      })
    }),
  )
  app.get(
    '/api/v1/jobs',
    guarded(async (claims, request) => {
      const query = parseQuery(jobsQuery, request.query)
      return 'fault' in query
        ? unprocessable(query.fault)
        : ok(await reader.list(claims, query.value))
    }),
  )
  app.get(
    '/api/v1/jobs/:job',
    guarded(async (claims, request) => {
      const job = await findJob(reader, claims, request)
      return job === null ? noSuchJob() : ok(job)
    }),
  )
  app.get(
    '/api/v1/jobs/:job/events',
    guarded(async (claims, request) => {
      const query = parseQuery(eventsQuery, request.query)
      if ('fault' in query) return unprocessable(query.fault)
      const job = await findJob(reader, claims, request)
      return job === null ? noSuchJob() : ok(await reader.events(claims, job.id, query.value))
    }),
  )
}

const unprocessable = (fault: string): Answer => refuse(422, 'query_invalid', { message: fault })

async function findJob(reader: JobReader, claims: Claims, request: FastifyRequest) {
  // Fastify has decoded the segment once; encoding again lets one rule judge paths of both kinds.
  const { job } = request.params as { readonly job: string }
  const key = jobKey(encodeURIComponent(job))
  return key === null ? null : reader.find(claims, key)
}

/** Lets a verified caller in, and turns every way of failing into an answer. */
function guard({ verifier, budget, log }: RoutesContext) {
  const answer = async (handle: Handle, request: FastifyRequest): Promise<Answer> => {
    const verdict = await verifier.verify(bearerToken(request.headers)).catch((error: unknown) => {
      log.warn('a token could not be checked', { why: String(error) })
      return null
    })
    if (verdict === null) return cannotVerify()
    if (!verdict.ok) return refuseToken(verdict.refusal, verdict.message)
    const waitSeconds = budget.spend(verdict.claims.userId)
    if (waitSeconds !== null) {
      const message = `Too many requests; try again in ${waitSeconds} s.`
      return refuse(429, 'rate_limited', { message, retryAfterSeconds: waitSeconds })
    }
    return handle(verdict.claims, request)
  }
  return (handle: Handle) => async (request: FastifyRequest, reply: FastifyReply) => {
    const { status, body, headers } = await answer(handle, request).catch((error: unknown) => {
      if (!isUnreachable(error)) throw error
      log.warn('a request found no database', { why: String(error) })
      return notReady()
    })
    return reply
      .code(status)
      .headers({ 'cache-control': 'no-store', ...headers })
      .send(body)
  }
}
