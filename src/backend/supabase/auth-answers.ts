import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Log } from '../log.ts'
import type { Grant } from './auth-grant.ts'
import { refusals, type AuthOutcome, type AuthRefusal } from './auth-outcome.ts'

/** Since this version of its API, GoTrue's errors carry a string as `code`. */
const stringCodes = '2024-01-01'
const versionHeader = 'x-supabase-api-version'

/** auth-js trusts `code` only when the version comes back. */
export function stampVersion(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  if (wantsStringCodes(request)) reply.header(versionHeader, stringCodes)
  done()
}

export function refuse(
  request: FastifyRequest,
  reply: FastifyReply,
  { status, code, message, more }: AuthRefusal,
): FastifyReply {
  const body = wantsStringCodes(request)
    ? { code, message, ...more }
    : { code: status, error_code: code, msg: message, ...more }
  return reply.code(status).header('x-sb-error-code', code).send(body)
}

/** A session goes out, or the reason why none does; neither is to be kept on the way. */
export function answerGrant(
  request: FastifyRequest,
  reply: FastifyReply,
  outcome: AuthOutcome<Grant>,
): FastifyReply {
  reply.header('cache-control', 'no-store')
  if (!outcome.ok) {
    return refuse(request, reply.headers({ ...outcome.headers }), outcome.refusal)
  }
  return reply.headers({ ...outcome.value.headers }).send(outcome.value.body)
}

function wantsStringCodes(request: FastifyRequest): boolean {
  const version = request.headers[versionHeader]
  return typeof version === 'string' && version >= stringCodes
}

export function answerUnknown(request: FastifyRequest, reply: FastifyReply): void {
  refuse(request, reply, refusals.routeUnknown)
}

export function answerUnexpected(log: Log) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    if (error.statusCode === 413) refuse(request, reply, refusals.bodyTooLarge)
    else if (error.statusCode === 400 || error.statusCode === 415) {
      refuse(request, reply, refusals.badJson)
    }
    // PostgreSQL's class of what the data itself is wrong about, such as a NUL in a text.
    else if (/^22...$/.test(error.code)) refuse(request, reply, refusals.textWrong)
    else {
      log.error('an auth request failed', { why: error.message, where: error.stack })
      refuse(request, reply, refusals.internal)
    }
  }
}
