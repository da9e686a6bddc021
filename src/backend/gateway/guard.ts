import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Log } from '../log.ts'
import type { Claims } from '../tokens/claims.ts'
import type { Verifier } from '../tokens/verifier.ts'
import { cannotVerify, notReady, refuse, refuseToken, type Answer } from './answers.ts'
import type { Audit } from './audit.ts'
import { bearerToken, remoteAddress } from './credential.ts'
import { isUnreachable } from './database-fault.ts'
import { RequestBudget } from './request-budget.ts'

type Handle = (claims: Claims, request: FastifyRequest) => Promise<Answer>
type Reply = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

/** Makes a route of what a verified caller may do. */
export type Guard = (handle: Handle) => Reply

export interface GuardContext {
  readonly verifier: Verifier
  /** Requests of one user. */
  readonly budget: RequestBudget
  readonly audit: Audit
  readonly log: Log
  readonly behindProxy: boolean
}

/** Refused tokens of one address that are written down in a minute; the rest is only answered. */
const refusalsRecorded = 30

/** Lets a verified caller in, and turns every way of failing into an answer. */
export function createGuard({ verifier, budget, audit, log, behindProxy }: GuardContext): Guard {
  const recorded = new RequestBudget(refusalsRecorded)
  const record = (request: FastifyRequest, result: string): void => {
    const address = remoteAddress(request.raw, behindProxy)
    if (recorded.spend(address ?? '') !== null) return
    const subject = `${request.method} ${request.routeOptions.url ?? ''}`
    audit.write({ claims: null, action: 'http.request', subject, remoteAddress: address, result })
  }
  const answer = async (handle: Handle, request: FastifyRequest): Promise<Answer> => {
    const verdict = await verifier.verify(bearerToken(request.headers)).catch((error: unknown) => {
      log.warn('a token could not be checked', { why: String(error) })
      return null
    })
    if (verdict === null) return cannotVerify()
    if (!verdict.ok) {
      record(request, verdict.refusal)
      return refuseToken(verdict.refusal, verdict.message)
    }
    const waitSeconds = budget.spend(verdict.claims.userId)
    if (waitSeconds !== null) {
      const message = `Too many requests; try again in ${waitSeconds} s.`
      return refuse(429, 'rate_limited', { message, retryAfterSeconds: waitSeconds })
    }
    return handle(verdict.claims, request)
  }
  return (handle) => async (request, reply) =>
    send(reply, await answer(handle, request).catch(orNotReady(log)))
}

/** The answer while the database is away; every other error stays one. */
export const orNotReady =
  (log: Log) =>
  (error: unknown): Answer => {
    if (!isUnreachable(error)) throw error
    log.warn('a request found no database', { why: String(error) })
    return notReady()
  }

export const send = (reply: FastifyReply, { status, body, headers }: Answer): FastifyReply =>
  reply
    .code(status)
    .headers({ 'cache-control': 'no-store', ...headers })
    .send(body)
