import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { AuthConfig } from '../config.ts'
import { invalid, refusals, refused, weakPassword, type AuthOutcome } from './auth-outcome.ts'
import type { AuthRefusal } from './auth-outcome.ts'
import { chooseRedirect } from './auth-redirects.ts'

/** As GoTrue: null is as good as absent. */
export const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '')

/** Any JSON object; it goes to the database as it came. */
export const metadata = z
  .custom<Record<string, unknown>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  )
  .nullish()
  .transform((value) => value ?? null)

export const challengeFields = { code_challenge: text, code_challenge_method: text }

export function readBody<T>(schema: z.ZodType<T>, request: FastifyRequest): AuthOutcome<T> {
  const parsed = schema.safeParse(request.body)
  return parsed.success ? { ok: true, value: parsed.data } : refused(refusals.badJson)
}

/** Where the caller wants a link to lead, or where the caller comes from; else the site. */
export function redirectOf(request: FastifyRequest, config: AuthConfig): string {
  const query = request.url.replace(/^[^?]*\??/, '')
  const asked = new URLSearchParams(query).get('redirect_to')
  const chosen = chooseRedirect(config, asked)
  return chosen === asked ? chosen : chooseRedirect(config, request.headers.referer)
}

const emailPattern =
  /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/

/** In lower case, as it is stored. */
export function readEmail(given: string): AuthOutcome<string> {
  if (given === '') return refused(invalid('An email address is required'))
  if (given.length > 255) return refused(invalid('An email address is too long'))
  const email = given.toLowerCase()
  return emailPattern.test(email)
    ? { ok: true, value: email }
    : refused(invalid('Unable to validate email address: invalid format'))
}

/** bcrypt looks at no more. */
const mostPasswordBytes = 72

export function refusePassword(password: string, config: AuthConfig): AuthRefusal | null {
  if (Buffer.byteLength(password) > mostPasswordBytes) {
    return invalid(`Password cannot be longer than ${mostPasswordBytes} characters`)
  }
  const least = config.minimumPasswordLength
  return password.length < least ? weakPassword(least) : null
}
