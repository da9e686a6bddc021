// A session at the gateway, bridged from the Supabase session (gateway-protocol §2). It owns the
// cookies and the moment at which they are renewed; it knows no socket. The session ends with its
// scope, and what is left of it at the server is told so, once.
import { z } from 'zod'
import type { Failure, FailureCode } from '../../../shared/failure.ts'
import type { Log } from '../../lib/log.ts'
import type { Scope } from '../../lib/scope.ts'
import type { Secret } from '../../lib/secret.ts'
import { SerialQueue } from '../../lib/serial-queue.ts'
import { parseRetryAfter, refusalCode } from '../../lib/sockets.ts'
import type { Cancel, Clock, HttpFetch } from '../../ports.ts'
import { classifyStatus, retry } from '../close-codes.ts'
import type { Verdict } from '../close-codes.ts'
import { withDeadline } from '../deadline.ts'
import { parseJson } from '../frames.ts'
import { readText, verdictOf } from '../gateway-http.ts'
import { httpUrl } from '../gateway-url.ts'
import { isPortalAnswer, statusSeen } from '../portal.ts'
import { Cookies } from './cookies.ts'

const sessionPath = 'api/auth/session'
const bridgeDeadlineMs = 10_000
/** Twice this is less than the 10 s in which a refresh token whose answer was lost may come again. */
const refreshDeadlineMs = 4_000
/** Ending the session waits no longer, so that it holds up nothing else that ends. */
const goodbyeDeadlineMs = 500
/** How long before its end a session is renewed; a short one after four fifths of its life. */
const aheadMs = 60_000
const politeDelayMs = 10_000

export interface SessionBridgeOptions {
  readonly scope: Scope
  readonly clock: Clock
  readonly fetch: HttpFetch
  readonly gatewayUrl: string
  readonly log: Log
}

/** Why there is no session; `refused` is the token, and another one may do. */
export interface Unbridged {
  readonly kind: 'refused' | 'failed'
  readonly failure: Failure
}

/** `success: false` is how older backends say that it failed. */
const grantSchema = z.object({
  success: z.literal(true).optional(),
  expires_at: z.iso.datetime({ offset: true }).optional().catch(undefined),
})

interface Call {
  readonly method: 'POST' | 'DELETE'
  readonly path: string
  readonly token: Secret | null
  readonly afterMs: number
  readonly signal: AbortSignal
}

type Answer =
  | { readonly body: unknown; readonly atMs: number }
  | { readonly verdict: Verdict; readonly status: number | null }

export class SessionBridge {
  readonly cookies = new Cookies()
  readonly #options: SessionBridgeOptions
  readonly #calls = new SerialQueue()
  #stands = false
  /** Monotonic. */
  #endsAtMs = Infinity
  #cancelRenewal: Cancel | null = null

  constructor(options: SessionBridgeOptions) {
    this.#options = options
    const { scope } = options
    let goodbye: Promise<void> | null = null
    scope.own(() => goodbye)
    scope.own(() => this.#disarm())
    // At the first beat of closing, beside everything else that ends then.
    scope.signal.addEventListener('abort', () => {
      goodbye = this.#end()
    })
  }

  /** Bridges unless a session stands. Null when there is one. */
  open(token: Secret): Promise<Unbridged | null> {
    return this.#calls.run(async () => {
      if (this.#stands && this.#options.clock.monotonic() < this.#endsAtMs) return null
      this.cookies.clear()
      const answer = await this.#ask({
        method: 'POST',
        path: `${sessionPath}/bridge`,
        token,
        afterMs: bridgeDeadlineMs,
        signal: this.#options.scope.signal,
      })
      const unbridged = this.#take(answer)
      if (unbridged !== null) {
        const { status } = 'status' in answer ? answer : { status: 200 }
        this.#options.log.warn('the session was not bridged', {
          status,
          reason: unbridged.failure.code,
        })
      }
      return unbridged
    })
  }

  /**
   * Newer cookies for those in hand. What cannot be renewed stays as it is, to be bridged anew by
   * who next needs it. A newer token tells the server what has changed since.
   */
  refresh(token: Secret | null): Promise<void> {
    return this.#calls.run(async () => {
      for (let left = 2; left > 0 && this.#stands; left -= 1) {
        const answer = await this.#ask({
          method: 'POST',
          path: `${sessionPath}/refresh`,
          token,
          afterMs: refreshDeadlineMs,
          signal: this.#options.scope.signal,
        })
        if (this.#options.scope.closed || this.#take(answer) === null) return
        const { status } = 'status' in answer ? answer : { status: 200 }
        // A server that renews none: the session lasts as long as it lasts.
        if (status === 404) return
        // Answered, so it was not lost on the way.
        if (status !== null) break
      }
      this.lapse()
    })
  }

  /** The server does not know the session any more. The cookies stay with the sockets that have them. */
  lapse(): void {
    this.#stands = false
    this.#disarm()
  }

  async #end(): Promise<void> {
    const url = httpUrl(this.#options.gatewayUrl, sessionPath)
    if (!this.#stands || this.cookies.headers(url).Cookie === undefined) return
    this.lapse()
    await this.#ask({
      method: 'DELETE',
      path: sessionPath,
      token: null,
      afterMs: goodbyeDeadlineMs,
      signal: new AbortController().signal,
    })
    this.cookies.clear()
  }

  #take(answer: Answer): Unbridged | null {
    if ('verdict' in answer) return unbridgedBy(answer.verdict)
    const grant = grantSchema.safeParse(answer.body)
    if (!grant.success) return unbridgedBy(retry('protocol_error'))
    this.#disarm()
    this.#stands = true
    this.#endsAtMs = Infinity
    if (grant.data.expires_at === undefined) return null
    const { clock, scope } = this.#options
    // By the server's own clock, which may differ from ours.
    const lifeMs = Math.max(0, Date.parse(grant.data.expires_at) - answer.atMs)
    this.#endsAtMs = clock.monotonic() + lifeMs
    if (scope.closed) return null
    const dueMs = Math.max(lifeMs - aheadMs, lifeMs * 0.8)
    this.#cancelRenewal = clock.after(Math.min(dueMs, longestTimerMs), () => {
      this.#cancelRenewal = null
      void this.refresh(null)
    })
    return null
  }

  async #ask({ method, path, token, afterMs, signal }: Call): Promise<Answer> {
    const { clock, fetch, gatewayUrl } = this.#options
    const url = httpUrl(gatewayUrl, path)
    const headers: Record<string, string> = { Accept: 'application/json' }
    if (token !== null) headers.Authorization = `Bearer ${token.reveal()}`
    for (const [name, value] of Object.entries(this.cookies.headers(url))) {
      headers[name] = value.reveal()
    }
    try {
      return await withDeadline({ clock, signal, afterMs }, async (ending) => {
        const response = await fetch(url, { method, headers, redirect: 'manual', signal: ending })
        if (response.ok) this.cookies.take(url, response)
        return await read(response, clock)
      })
    } catch (error) {
      return { verdict: verdictOf(error), status: null }
    }
  }

  #disarm(): void {
    this.#cancelRenewal?.()
    this.#cancelRenewal = null
  }
}

/** Longest delay that timers take, in milliseconds. */
const longestTimerMs = 2 ** 31 - 1

async function read(response: Response, clock: Clock): Promise<Answer> {
  const isJson = response.headers.get('content-type')?.includes('json') ?? false
  const text = isJson ? await readText(response) : ''
  await response.body?.cancel()
  const status = statusSeen(response.status)
  if (response.ok && isJson) {
    const saidAtMs = Date.parse(response.headers.get('date') ?? '')
    return { body: parseJson(text), atMs: Number.isNaN(saidAtMs) ? clock.now() : saidAtMs }
  }
  if (response.ok) {
    const reason = isPortalAnswer(response) ? 'captive_portal' : 'protocol_error'
    return { verdict: retry(reason, politeDelayMs), status }
  }
  const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), clock.now())
  return { verdict: classifyStatus(status, refusalCode(text), retryAfterMs), status }
}

/** Faults that are the bridge's own are told as such; those of the way to it keep their names. */
const bridgeFaults = new Map<FailureCode, FailureCode>([
  ['server_error', 'bridge_failed'],
  ['protocol_error', 'bridge_failed'],
  ['timed_out', 'bridge_failed'],
  ['forbidden', 'bridge_refused'],
  ['job_unknown', 'bridge_refused'],
])

function unbridgedBy(verdict: Verdict): Unbridged {
  const reason = 'reason' in verdict ? verdict.reason : 'protocol_error'
  const code = bridgeFaults.get(reason) ?? reason
  const waits = verdict.kind === 'retry' && verdict.minDelayMs > 0
  return {
    kind: verdict.kind === 'refused' ? 'refused' : 'failed',
    failure: {
      code,
      message: `no session was bridged: ${reason}`,
      ...(waits && { retryAfterMs: verdict.minDelayMs }),
    },
  }
}
