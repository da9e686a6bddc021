import { failed } from '../../shared/failure.ts'
import type { Outcome } from '../../shared/failure.ts'
import type { Secret } from '../lib/secret.ts'
import type { TokenSupply } from './source.ts'

/**
 * The same tokens, but never an API key: Supabase takes one gladly where a session token belongs, and
 * answers as to nobody in particular (F34).
 */
export function sessionTokens(tokens: TokenSupply, publishableKey: string): TokenSupply {
  const guard = (outcome: Outcome<Secret>): Outcome<Secret> => {
    const text = outcome.ok ? outcome.value.reveal() : ''
    const isKey = text === publishableKey || text.startsWith('sb_')
    return isKey ? failed('token_wrong_kind', 'an API key is no session token') : outcome
  }
  return {
    current: async () => guard(await tokens.current()),
    renew: async (refused) => guard(await tokens.renew(refused)),
    onRenewed: (listener) => tokens.onRenewed(listener),
  }
}
