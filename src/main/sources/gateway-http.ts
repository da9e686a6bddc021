import { AppError } from '../lib/app-error.ts'
import type { Secret } from '../lib/secret.ts'
import { parseRetryAfter, refusalCode } from '../lib/sockets.ts'
import type { Clock, HttpFetch } from '../ports.ts'
import { classifyError, classifyFailure, classifyStatus, retry } from './close-codes.ts'
import type { Verdict } from './close-codes.ts'
import { withDeadline } from './deadline.ts'
import { networkErrorCode } from './error-codes.ts'
import { parseJson } from './frames.ts'
import { httpUrl } from './gateway-url.ts'
import { isPortalAnswer, statusSeen } from './portal.ts'
import type { TokenSupply } from './source.ts'
import { isSendable } from './token-form.ts'

const deadlineMs = 10_000
/** Longest answer that is read, in bytes. */
const maxBodyBytes = 4 * 1024 * 1024

interface Ports {
  readonly fetch: HttpFetch
  readonly clock: Clock
  readonly tokens: TokenSupply
  /** Everything asked for ends with it. */
  readonly signal: AbortSignal
}

export interface GatewayHttpOptions extends Ports {
  readonly gatewayUrl: string
}

export interface JsonHttpOptions extends Ports {
  readonly baseUrl: string
  /** Sent with every request, besides the token. */
  readonly headers: Readonly<Record<string, string>>
  /** What an error answer means; `body` is empty when it is no JSON. */
  readonly judge: (status: number, body: string, retryAfterMs: number | null) => Verdict | 'missing'
}

export type GatewayAnswer =
  | { readonly kind: 'body'; readonly body: unknown }
  | { readonly kind: 'missing' }
  | { readonly kind: 'failed'; readonly verdict: Exclude<Verdict, { kind: 'refused' }> }

/** Asks for JSON, as the operator. Never throws. */
export type GatewayHttp = (path: string) => Promise<GatewayAnswer>

export function createGatewayHttp({ gatewayUrl, ...ports }: GatewayHttpOptions): GatewayHttp {
  return createJsonHttp({ ...ports, baseUrl: gatewayUrl, headers: {}, judge: judgeGateway })
}

const judgeGateway: JsonHttpOptions['judge'] = (status, body, retryAfterMs) =>
  status === 404 ? 'missing' : classifyStatus(status, refusalCode(body), retryAfterMs)

/** The same of another server, with its own headers and refusals. */
export function createJsonHttp(options: JsonHttpOptions): GatewayHttp {
  return async (path) => {
    const token = await options.tokens.current()
    if (!token.ok) return failure(classifyFailure(token.failure))
    const first = await ask(options, path, token.value)
    if (first.kind !== 'refused') return first
    const fresh = await options.tokens.renew(token.value)
    if (!fresh.ok) return failure(classifyFailure(fresh.failure))
    const second = await ask(options, path, fresh.value)
    return second.kind === 'refused' ? failure(second.verdict) : second
  }
}

type Asked = GatewayAnswer | { readonly kind: 'refused'; readonly verdict: Verdict }

async function ask(options: JsonHttpOptions, path: string, token: Secret): Promise<Asked> {
  if (options.signal.aborted) return failure(retry('cancelled'))
  if (!isSendable(token))
    return failure({ kind: 'stop', reason: 'token_malformed', reach: 'source' })
  const { clock, signal } = options
  try {
    return await withDeadline({ clock, signal, afterMs: deadlineMs }, async (ending) => {
      const response = await options.fetch(httpUrl(options.baseUrl, path), {
        headers: {
          ...options.headers,
          Authorization: `Bearer ${token.reveal()}`,
          Accept: 'application/json',
        },
        // A redirect is somebody else's page: the token must not follow it (F14).
        redirect: 'manual',
        signal: ending,
      })
      return await read(response, options)
    })
  } catch (error) {
    return failure(verdictOf(error))
  }
}

async function read(response: Response, { clock, judge }: JsonHttpOptions): Promise<Asked> {
  const type = response.headers.get('content-type') ?? ''
  if (response.ok && type.includes('json')) {
    const body = parseJson(await readText(response))
    return body === undefined ? failure(retry('protocol_error')) : { kind: 'body', body }
  }
  const body = type.includes('json') ? await readText(response) : ''
  await response.body?.cancel()
  if (response.ok)
    return failure(retry(isPortalAnswer(response) ? 'captive_portal' : 'protocol_error', 10_000))
  const status = statusSeen(response.status)
  const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), clock.now())
  const verdict = judge(status, body, retryAfterMs)
  if (verdict === 'missing') return { kind: 'missing' }
  return verdict.kind === 'refused' ? { kind: 'refused', verdict } : failure(verdict)
}

/** At most 4 MiB. */
export async function readText(response: Response): Promise<string> {
  if (response.body === null || response.bodyUsed) return ''
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength
    if (bytes > maxBodyBytes) throw new AppError('protocol_error', 'the answer is too long')
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** A token refused twice ends the source. */
function failure(verdict: Verdict): GatewayAnswer {
  return verdict.kind === 'refused'
    ? { kind: 'failed', verdict: { kind: 'stop', reason: verdict.reason, reach: 'source' } }
    : { kind: 'failed', verdict }
}

/** What a failed request came to. */
export function verdictOf(error: unknown): Verdict {
  return error instanceof AppError ? retry(error.code) : classifyError(networkErrorCode(error))
}
