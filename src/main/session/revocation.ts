import type { FailureCode } from '../../shared/failure.ts'
import type { Clock, HttpFetch } from '../ports.ts'
import { endsSession, parseJson } from './auth-failures.ts'
import { AuthTransport } from './auth-transport.ts'
import type { AuthReply } from './auth-transport.ts'
import type { SessionEnding } from './operator-session.ts'
import type { AuthCalls } from './supabase-client.ts'
import { livesForMs } from './token-set.ts'
import type { TokenSet } from './token-set.ts'

/** How long sign-out waits for the server, in milliseconds (design: endings). */
export const revocationMs = 700

export interface Revocation {
  readonly server: SessionEnding['server']
  /** Why the server could not be told, where it could not. */
  readonly note: FailureCode | null
}

export interface RevocationParts {
  readonly auth: AuthCalls
  readonly fetch: HttpFetch
  readonly clock: Clock
  readonly tokens: TokenSet
  readonly everywhere: boolean
}

/** Tells the server, within its own limit: the signal of the session has aborted already. */
export async function revoke(parts: RevocationParts): Promise<Revocation> {
  const { clock, fetch } = parts
  const limit = new AbortController()
  const disarm = clock.after(revocationMs, () => limit.abort())
  try {
    return await attempt(parts, new AuthTransport({ fetch, clock, signal: limit.signal }))
  } finally {
    disarm()
  }
}

async function attempt(parts: RevocationParts, transport: AuthTransport): Promise<Revocation> {
  const { auth, clock, tokens, everywhere } = parts
  const scope = everywhere ? 'global' : 'local'
  if (livesForMs(tokens, clock) > 0) {
    const reply = await auth.revoke(transport, tokens.access, scope)
    if (reply.ok) return { server: { kind: 'revoked' }, note: null }
    if (!refused(reply)) return notReached(parts, reply.failure.code)
    // `bad_jwt` speaks of the access token alone; anything else says that the session is gone.
    if (reply.failure.code !== 'session_revoked') return alreadyEnded
  }
  // A dead access token cannot end the session that its refresh token still keeps alive.
  const fresh = await auth.refresh(transport, tokens.refresh)
  if (!fresh.ok) {
    return endsSession(fresh.failure.code) ? alreadyEnded : notReached(parts, fresh.failure.code)
  }
  const reply = await auth.revoke(transport, fresh.value.tokens.access, scope)
  if (reply.ok) return { server: { kind: 'revoked' }, note: null }
  return refused(reply) ? alreadyEnded : notReached(parts, reply.failure.code)
}

const alreadyEnded: Revocation = { server: { kind: 'already-ended' }, note: null }

/** 401, 403 and 404 mean "no such session", if it is the auth server that says so. */
function refused(reply: Extract<AuthReply, { ok: false }>): boolean {
  const { answer, failure } = reply
  if (answer === null || failure.code === 'key_wrong') return false
  return [401, 403, 404].includes(answer.status) && parseJson(answer.text) !== null
}

function notReached({ tokens, clock }: RevocationParts, code: FailureCode): Revocation {
  const leftMs = livesForMs(tokens, clock)
  return {
    server: { kind: 'not-reached', expiresAtMs: leftMs > 0 ? clock.now() + leftMs : null },
    note: code === 'cancelled' ? 'timed_out' : code,
  }
}
