import type { IncomingMessage } from 'node:http'
import type { Socket } from 'socket.io'
import { z } from 'zod'
import type { TokenRefusal } from '../../../shared/failure.ts'
import type { Claims } from '../../tokens/claims.ts'
import type { Verifier } from '../../tokens/verifier.ts'
import { bearerToken } from '../credential.ts'
import type { Origins } from '../origins.ts'
import { readCookies } from '../session-bridge/session-cookies.ts'
import type { UserSessions } from '../session-bridge/user-sessions.ts'

/** Who is on a socket, and what their time there is bound to. */
export interface Principal {
  readonly claims: Claims
  /** The bridged session: it ends, the socket ends. */
  readonly sessionId: string
  /** By cookie, a refresh elsewhere prolongs the socket; a token has to be sent anew. */
  readonly by: 'cookie' | 'token'
}

/** Words that a `connect_error` carries as `data.code`. */
export type Refusal =
  | TokenRefusal
  | 'bridge_required'
  | 'origin_refused'
  | 'too_many_sockets'
  | 'server_going'
  | 'verifier_unavailable'

export interface Refused {
  readonly refused: Refusal
  readonly message: string
}

export interface DoorOptions {
  readonly verifier: Verifier
  readonly userSessions: UserSessions
  readonly origins: Origins
}

const longestToken = 16 * 1024
const authSchema = z.object({ token: z.string().max(longestToken).optional() })

/** Lets in who has been bridged: by the cookie, or by a Supabase token of a bridged session. */
export class Door {
  readonly #options: DoorOptions

  constructor(options: DoorOptions) {
    this.#options = options
  }

  /** Rejects only when it cannot tell. */
  judge({ handshake, request }: Socket): Promise<Principal | Refused> {
    const auth = authSchema.safeParse(handshake.auth)
    if (!auth.success) {
      const message = 'auth.token is not a text, or too long'
      return Promise.resolve({ refused: 'token_malformed', message })
    }
    const token = auth.data.token ?? bearerToken(request.headers)
    return token === null ? this.#byCookie(request) : this.byToken(token)
  }

  async byToken(token: string): Promise<Principal | Refused> {
    const { verifier, userSessions } = this.#options
    const verdict = await verifier.verify(token)
    if (!verdict.ok) return { refused: verdict.refusal, message: verdict.message }
    const { claims } = verdict
    const session = await userSessions.bridgedFrom(claims)
    return session === null
      ? { refused: 'bridge_required', message: 'POST /api/auth/session/bridge comes first' }
      : { claims, sessionId: session.id, by: 'token' }
  }

  /** The session of a cookie that was good before. */
  async again(sessionId: string): Promise<Principal | Refused> {
    const found = await this.#options.userSessions.again(sessionId)
    return found.ok
      ? { claims: found.claims, sessionId: found.id, by: 'cookie' }
      : { refused: found.refusal, message: found.message }
  }

  async #byCookie({ headers }: IncomingMessage): Promise<Principal | Refused> {
    const { origins, userSessions } = this.#options
    const { session } = readCookies(headers)
    if (session !== null && !origins.accepts(headers)) {
      return {
        refused: 'origin_refused',
        message: 'pages of this origin may not use sessions here',
      }
    }
    const found = await userSessions.find(session)
    return found.ok
      ? { claims: found.claims, sessionId: found.id, by: 'cookie' }
      : { refused: found.refusal, message: found.message }
  }
}
