import { z } from 'zod'
import type { Caller } from '../../database/database.ts'
import type { Checked, TokenCheck } from '../../tokens/token-check.ts'

/** Who a channel speaks for, and until when. */
export interface Access {
  readonly token: string
  readonly caller: Caller
  /** Null for the project's keys. */
  readonly sessionId: string | null
  /** The token's `exp`: wall clock, milliseconds since the epoch. */
  readonly expiresAtMs: number
}

export type AccessVerdict =
  | { readonly ok: true; readonly access: Access }
  | {
      readonly ok: false
      /** The real server's name for it, which stands before the text in a refused join. */
      readonly code: string
      readonly message: string
    }

/** Judges a token as the real server does, in its words (supabase.md §3). */
export type JudgeToken = (token: string) => Promise<AccessVerdict>

const claims = z.looseObject({
  role: z.string(),
  exp: z.int(),
  session_id: z.string().optional(),
})
const role = z.enum(['anon', 'authenticated', 'service_role'])

/** Said to a channel whose session was ended; the real server would wait for `exp`. */
export const sessionEnded = 'session_revoked: The session of this token has ended'

/** Whether a session still is. @throws when the database cannot be asked */
export interface LivingSessions {
  alive: (sessionId: string) => Promise<boolean>
}

export function createJudge(check: TokenCheck, sessions: LivingSessions): JudgeToken {
  return async (token) => {
    const checked = await check.check(token)
    if (!checked.ok) return refusalOf(checked)
    const parsed = claims.safeParse(checked.payload)
    if (!parsed.success) {
      return refuse('InvalidJWTToken', 'Fields `role` and `exp` are required in JWT')
    }
    const { session_id: sessionId = null, exp } = parsed.data
    const known = role.safeParse(parsed.data.role)
    if (!known.success) return refuse('InvalidJWTToken', 'The role of this JWT is not allowed here')
    if (sessionId !== null && !(await sessions.alive(sessionId))) {
      return refuse('Unauthorized', sessionEnded)
    }
    const caller = { role: known.data, claims: checked.payload }
    return { ok: true, access: { token, caller, sessionId, expiresAtMs: exp * 1_000 } }
  }
}

function refusalOf(checked: Extract<Checked, { ok: false }>): AccessVerdict {
  switch (checked.why) {
    case 'expired': {
      const seconds = Math.max(0, Math.floor(Date.now() / 1_000) - (checked.exp ?? 0))
      return refuse('InvalidJWTToken', `Token has expired ${seconds} seconds ago`)
    }
    case 'signature':
      return refuse('JwtSignatureError', 'Failed to validate JWT signature')
    case 'key_unknown':
      return refuse(
        'JwtSignerError',
        'Failed to generate JWT signer, check your JWT secret or JWKS configuration',
      )
    case 'claim':
    case 'not_yet_valid':
    case 'segments':
    case 'undecodable':
      return refuse('MalformedJWT', 'The token provided is not a valid JWT')
  }
}

function refuse(code: string, message: string): AccessVerdict {
  return { ok: false, code, message }
}
