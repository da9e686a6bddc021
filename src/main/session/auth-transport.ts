// Carries auth calls: one deadline, one signal, no redirect, the answer read whole. It knows no
// token format; what goes wrong is translated in auth-failures.
import { failed } from '../../shared/failure.ts'
import type { Failure } from '../../shared/failure.ts'
import type { Clock, HttpFetch } from '../ports.ts'
import { failureOfAnswer, failureOfError } from './auth-failures.ts'
import type { AuthAnswer } from './auth-failures.ts'

/** Wall-clock limit of one auth call, from DNS to the last byte, in milliseconds (F7, F18, F42). */
export const authDeadlineMs = 10_000
const answerMaxLength = 262_144

export interface AuthRequest {
  readonly url: string
  readonly method: string
  /** They carry the key and, sometimes, a token: never logged. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

export type AuthReply =
  | { readonly ok: true; readonly value: AuthAnswer }
  | {
      readonly ok: false
      readonly failure: Failure
      readonly replyLost: boolean
      /** There when the server did answer, if only to refuse. */
      readonly answer: AuthAnswer | null
    }

export interface TransportParts {
  readonly fetch: HttpFetch
  readonly clock: Clock
  /** Once it aborts, every request ends at once and none begins. */
  readonly signal: AbortSignal
}

export class AuthTransport {
  readonly #parts: TransportParts
  #pending = 0
  #cutShort = 0

  constructor(parts: TransportParts) {
    this.#parts = parts
  }

  /** Requests under way. */
  get pending(): number {
    return this.#pending
  }

  /** Requests that the signal ended before their answer. */
  get cutShort(): number {
    return this.#cutShort
  }

  /** Never rejects, and settles at the deadline even if the fetch port never does. */
  async send(request: AuthRequest, deadlineMs = authDeadlineMs): Promise<AuthReply> {
    const { clock, signal } = this.#parts
    if (signal.aborted) return cancelled()
    const controller = new AbortController()
    const { promise: stopped, resolve } = Promise.withResolvers<AuthReply>()
    const stop = (reply: AuthReply): void => {
      resolve(reply)
      controller.abort()
    }
    const onAbort = (): void => {
      this.#cutShort += 1
      stop(cancelled())
    }
    signal.addEventListener('abort', onAbort)
    const disarm = clock.after(deadlineMs, () => stop(timedOut(deadlineMs)))
    this.#pending += 1
    try {
      return await Promise.race([stopped, this.#exchange(request, controller.signal)])
    } finally {
      this.#pending -= 1
      disarm()
      signal.removeEventListener('abort', onAbort)
    }
  }

  async #exchange(request: AuthRequest, signal: AbortSignal): Promise<AuthReply> {
    const { clock, fetch } = this.#parts
    const sentAtMs = clock.monotonic()
    try {
      const response = await fetch(request.url, {
        method: request.method,
        // Auth calls are rare: a kept-alive connection would outlive sign-out.
        headers: { ...request.headers, connection: 'close' },
        body: request.body,
        redirect: 'manual',
        signal,
      })
      const text = await readWhole(response)
      const { status, headers } = response
      const answer = { status, headers, text, sentAtMs }
      const failure = failureOfAnswer(answer)
      if (failure === null) return { ok: true, value: answer }
      return { ok: false, failure, replyLost: false, answer }
    } catch (error) {
      return { ok: false, ...failureOfError(error), answer: null }
    }
  }
}

async function readWhole(response: Response): Promise<string> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of response.body ?? []) {
    const bytes = piece as Uint8Array
    length += bytes.byteLength
    // Leaving the loop cancels the body; what is this long is no answer of an auth server.
    if (length > answerMaxLength) break
    pieces.push(bytes)
  }
  return Buffer.concat(pieces).toString('utf8')
}

const refused = (failure: Failure): AuthReply => ({
  ok: false,
  failure,
  replyLost: false,
  answer: null,
})
const cancelled = (): AuthReply => refused(failed('cancelled', 'the session is closing').failure)
/** A silent server may have acted; the caller has already waited long enough to ask again (F42). */
const timedOut = (deadlineMs: number): AuthReply =>
  refused(failed('timed_out', `no answer within ${deadlineMs} ms`).failure)
