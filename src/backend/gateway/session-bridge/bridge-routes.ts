import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Log } from '../../log.ts'
import type { Claims } from '../../tokens/claims.ts'
import type { Verifier } from '../../tokens/verifier.ts'
import { cannotVerify, refuse, refuseToken, type Answer } from '../answers.ts'
import type { Audit } from '../audit.ts'
import { bearerToken, remoteAddress } from '../credential.ts'
import { orNotReady, send } from '../guard.ts'
import type { Origins } from '../origins.ts'
import { RequestBudget } from '../request-budget.ts'
import type { BridgeRefused, Grant } from './grant.ts'
import { rotate, type RotationOptions } from './rotation.ts'
import { readCookies, writeCookies } from './session-cookies.ts'
import type { UserSessions } from './user-sessions.ts'

export interface BridgeContext {
  readonly verifier: Verifier
  readonly userSessions: UserSessions
  readonly rotation: RotationOptions
  readonly origins: Origins
  readonly audit: Audit
  readonly log: Log
  readonly behindProxy: boolean
}

const bodyLimit = 16 * 1024
/** From one address, whoever it is. */
const requestsPerMinute = 600

type Action = 'session.bridge' | 'session.refresh' | 'session.end'

/** What happened, and to whom. */
interface Result {
  readonly answer: Answer
  readonly claims: Claims | null
  /** The bridged session. */
  readonly subject: string | null
  readonly cookies?: readonly string[]
}

/** From a Supabase session to cookies, and back (gateway-protocol §2). */
export function registerBridge(app: FastifyInstance, context: BridgeContext): void {
  const { origins } = context
  const budget = new RequestBudget(requestsPerMinute)
  const cors = {
    credentials: true,
    origin: (origin: string | undefined, say: (error: null, allowed: boolean) => void) =>
      say(null, origin !== undefined && origins.knows(origin)),
  }
  const serve =
    (action: Action, handle: Handle) => (request: FastifyRequest, reply: FastifyReply) =>
      perform(context, { action, handle, request, reply, budget })
  const options = { bodyLimit, config: { cors } }
  const answerPreflight = (_request: FastifyRequest, reply: FastifyReply): unknown =>
    reply.code(204).send()
  app.post('/api/auth/session/bridge', options, serve('session.bridge', bridge))
  app.post('/api/auth/session/refresh', options, serve('session.refresh', refresh))
  app.delete('/api/auth/session', options, serve('session.end', endSession))
  for (const path of ['/bridge', '/refresh', '']) {
    app.options(`/api/auth/session${path}`, options, answerPreflight)
  }
}

type Handle = (context: BridgeContext, request: FastifyRequest) => Promise<Result>

interface Served {
  readonly action: Action
  readonly handle: Handle
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly budget: RequestBudget
}

async function perform(context: BridgeContext, served: Served): Promise<FastifyReply> {
  const { audit, log, behindProxy } = context
  const { action, request, reply, budget } = served
  const address = remoteAddress(request.raw, behindProxy)
  const waitSeconds = budget.spend(address ?? '')
  if (waitSeconds !== null) {
    const message = `Too many requests; try again in ${waitSeconds} s.`
    return send(
      reply,
      failed(refuse(429, 'rate_limited', { message, retryAfterSeconds: waitSeconds })),
    )
  }
  const { answer, claims, subject, cookies } = await judgeOrigin(context, served).catch(
    (error: unknown) => nobody(failed(orNotReady(log)(error))),
  )
  audit.write({ claims, action, subject, remoteAddress: address, result: resultOf(answer) })
  if (cookies !== undefined) void reply.header('set-cookie', cookies)
  return send(reply, answer)
}

function judgeOrigin(context: BridgeContext, { request, handle }: Served): Promise<Result> {
  if (context.origins.accepts(request.headers)) return handle(context, request)
  const message = 'Pages of this origin may not use sessions here.'
  return Promise.resolve(nobody(failed(refuse(403, 'origin_refused', { message }))))
}

async function bridge(context: BridgeContext, request: FastifyRequest): Promise<Result> {
  const caller = await readBearer(context, request)
  if ('answer' in caller) return nobody(caller.answer)
  const { claims } = caller
  const grant = await context.userSessions.open(claims, {
    userAgent: request.headers['user-agent'] ?? null,
    address: remoteAddress(request.raw, context.behindProxy),
  })
  return granted(context, claims, grant)
}

async function refresh(context: BridgeContext, request: FastifyRequest): Promise<Result> {
  // A token is not needed; one that was sent must be good, and tells what has changed since.
  const sent = request.headers.authorization !== undefined
  const caller = sent ? await readBearer(context, request) : null
  if (caller !== null && 'answer' in caller) return nobody(caller.answer)
  const claims = caller?.claims ?? null
  const rotated = await rotate(context.rotation, readCookies(request.headers).refresh, claims)
  if (!rotated.ok) {
    const subject = rotated.sessionId ?? null
    return { answer: refusal(rotated), claims, subject, cookies: cleared(context) }
  }
  const session = await context.userSessions.again(rotated.sessionId)
  return granted(context, session.ok ? session.claims : claims, rotated)
}

/** By a cookie; or else, by token, all that were bridged from that Supabase session. */
async function endSession(context: BridgeContext, request: FastifyRequest): Promise<Result> {
  const { userSessions } = context
  const cookies = cleared(context)
  const { session, refresh: token } = readCookies(request.headers)
  const found = await userSessions.find(session)
  if (found.ok) {
    await userSessions.revoke(found.id, 'signed_out')
    return { answer: done, claims: found.claims, subject: found.id, cookies }
  }
  // The session cookie is the first to run out; what could be refreshed can be ended.
  const id = await userSessions.idByRefreshToken(token)
  if (id !== null) {
    await userSessions.revoke(id, 'signed_out')
    return { answer: done, claims: null, subject: id, cookies }
  }
  if (request.headers.authorization === undefined) return { ...nobody(refusal(found)), cookies }
  const caller = await readBearer(context, request)
  if ('answer' in caller) return nobody(caller.answer)
  const { claims } = caller
  const ids = await userSessions.revokeBridgedFrom(claims.sessionId, 'signed_out')
  return { answer: done, claims, subject: ids[0] ?? null, cookies }
}

async function readBearer(
  { verifier, log }: BridgeContext,
  request: FastifyRequest,
): Promise<{ readonly claims: Claims } | { readonly answer: Answer }> {
  const verdict = await verifier.verify(bearerToken(request.headers)).catch((error: unknown) => {
    log.warn('a token could not be checked', { why: String(error) })
    return null
  })
  if (verdict === null) return { answer: failed(cannotVerify()) }
  return verdict.ok ? { claims: verdict.claims } : { answer: refusal(verdict) }
}

const done: Answer = { status: 200, body: { success: true } }

function granted({ origins }: BridgeContext, claims: Claims | null, grant: Grant): Result {
  const secondsTo = (ms: number): number => Math.max(0, Math.floor((ms - Date.now()) / 1_000))
  const values = {
    session: grant.session,
    sessionSeconds: secondsTo(grant.expiresAtMs),
    refresh: grant.refresh,
    refreshSeconds: secondsTo(grant.refreshExpiresAtMs),
  }
  const body = {
    success: true,
    session_id: grant.sessionId,
    expires_at: new Date(grant.expiresAtMs).toISOString(),
  }
  const cookies = writeCookies(values, origins.secureCookies)
  return { answer: { status: 200, body }, claims, subject: grant.sessionId, cookies }
}

const cleared = ({ origins }: BridgeContext) => writeCookies(null, origins.secureCookies)
const nobody = (answer: Answer): Result => ({ answer, claims: null, subject: null })
const refusal = ({ refusal: word, message }: Omit<BridgeRefused, 'ok'>): Answer =>
  failed(refuseToken(word, message))

/** Also in the shape of the backends that bridged sessions before: `{success, message}`. */
function failed(answer: Answer): Answer {
  const { error } = answer.body as { readonly error: { readonly message: string } }
  return { ...answer, body: { success: false, message: error.message, ...answer.body } }
}

const resultOf = ({ status, body }: Answer): string =>
  status < 400 ? 'done' : (body as { readonly error: { readonly code: string } }).error.code
