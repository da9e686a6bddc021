import { randomUUID } from 'node:crypto'
import type { TokenRefusal } from '../../shared/failure.ts'

type Refused = 400 | 401 | 403 | 404 | 409 | 422 | 429 | 503

export interface Answer {
  readonly status: 200 | 201 | Refused
  readonly body: object
  readonly headers?: Readonly<Record<string, string>>
}

export const ok = (body: object): Answer => ({ status: 200, body })

/** The one shape of an error (gateway-protocol §2). `ref` finds it in the log. */
export function refuse(
  status: Refused,
  code: string,
  about: { readonly message: string; readonly retryAfterSeconds?: number },
): Answer {
  const { message, retryAfterSeconds } = about
  return {
    status,
    body: { error: { code, message, ref: randomUUID().slice(0, 8) } },
    headers: retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) },
  }
}

/** The refusal word is the code. Who one is can be put right (401), what one may do cannot (403). */
export const refuseToken = (refusal: TokenRefusal, message: string): Answer => {
  const answer = refuse(refusal === 'forbidden' ? 403 : 401, refusal, { message })
  return answer.status === 401
    ? { ...answer, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }
    : answer
}

/** The same for a job that is not there and for one of another tenant. */
export const noSuchJob = (): Answer =>
  refuse(404, 'job_unknown', { message: 'There is no such job.' })

/** It is the caller's tenant, but not with that role. */
export const forbidden = (role: string, tenantId: string): Answer =>
  refuse(403, 'forbidden', { message: `This needs the role ${role} in the tenant ${tenantId}.` })

/** The verifier could not tell: neither yes nor no, so nobody is sent to sign in again. */
export const cannotVerify = (): Answer =>
  refuse(503, 'verifier_unavailable', {
    message: 'Tokens cannot be checked at the moment; try again.',
    retryAfterSeconds: 2,
  })

export const notReady = (): Answer =>
  refuse(503, 'database_unavailable', {
    message: 'The database cannot be reached; try again.',
    retryAfterSeconds: 2,
  })
