import type { FastifyRequest } from 'fastify'
import type { AuthConfig } from '../config.ts'
import type { Database } from '../database/database.ts'
import type { Log } from '../log.ts'
import type { Issuer } from '../tokens/issuer.ts'
import type { TokenCheck } from '../tokens/token-check.ts'
import type { ApiKeys } from './api-keys.ts'
import type { Authenticate } from './auth-access.ts'
import type { Asker, Granter } from './auth-grant.ts'
import type { WrongGuesses } from './wrong-guesses.ts'

/** What the auth server is built from. */
export interface AuthParts {
  readonly database: Database
  readonly issuer: Issuer
  readonly check: TokenCheck
  readonly apiKeys: ApiKeys
  readonly config: AuthConfig
  readonly version: string
  readonly log: Log
  /** Where the backend is reached, without a slash at the end; asked once it listens. */
  readonly origin: () => string
  /** bcrypt's cost for new passwords; 10 is Supabase's. */
  readonly passwordCost: number
}

/** What every family of routes may use. */
export interface AuthContext extends AuthParts {
  readonly granter: Granter
  readonly authenticate: Authenticate
  /** By where they come from and for which address. */
  readonly wrongPasswords: WrongGuesses
  /** By address; a link is good all the same. */
  readonly wrongCodes: WrongGuesses
  /** `iss` of the tokens, and where links lead: the auth server's own address. */
  readonly issuerUrl: () => string
}

export function askerOf(request: FastifyRequest): Asker {
  return { userAgent: request.headers['user-agent'] ?? null, ip: request.ip }
}
