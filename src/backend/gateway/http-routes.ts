import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Claims } from '../tokens/claims.ts'
import { noSuchJob, ok, refuse, type Answer } from './answers.ts'
import type { Guard } from './guard.ts'
import type { JobReader } from './job-reader.ts'
import { eventsQuery, jobKey, jobsQuery, parseQuery, statusQuery } from './queries.ts'
import type { SocketRegistry } from './socket-registry.ts'

export interface RoutesContext {
  readonly guarded: Guard
  readonly reader: JobReader
  readonly sockets: SocketRegistry
}

/** Discovery, and what can be read of jobs (gateway-protocol §2). Everything needs a bearer token. */
export function registerRoutes(app: FastifyInstance, context: RoutesContext): void {
  const { guarded, reader, sockets } = context

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
