import type { Profile } from '../../shared/profile.ts'
import type { Log } from '../lib/log.ts'
import type { Scope } from '../lib/scope.ts'
import type { Clock, Files, HttpFetch, Keychain, Random } from '../ports.ts'
import type { OperatorSession } from './operator-session.ts'
import { SessionVault } from './session-vault.ts'
import { SupabaseSession } from './supabase-session.ts'

export interface SessionParts {
  /** The session ends with it. */
  readonly scope: Scope
  readonly clock: Clock
  readonly random: Random
  readonly keychain: Keychain
  readonly files: Files
  readonly fetch: HttpFetch
  readonly profile: Profile
  /** Tells two sessions of one profile apart in the log; a new one at every opening. */
  readonly workspaceId: string
  readonly log: Log
}

/** One session is kept a profile, so the next start finds it under the profile's name. */
export function createOperatorSession(parts: SessionParts): OperatorSession {
  const { clock, fetch, files, keychain, profile, random, workspaceId } = parts
  const scope = parts.scope.child('session')
  const log = parts.log.child(workspaceId.slice(0, 8))
  const vault = new SessionVault({
    keychain,
    files,
    clock,
    log,
    signal: scope.signal,
    account: `session.${profile.id}`,
    server: serverOf(profile.supabaseUrl),
  })
  return new SupabaseSession({ scope, clock, random, fetch, profile, vault, log })
}

/** Where tokens and jobs belong. A backend on this computer may come back on another port. */
export function serverOf(url: string): string {
  const { protocol, hostname, host } = new URL(url)
  const local = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
  return `${protocol}//${local ? hostname : host}`
}
