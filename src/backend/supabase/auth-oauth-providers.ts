import { z } from 'zod'
import { refusal, type AuthRefusal } from './auth-outcome.ts'

/** The one provider that there is: this backend itself, with a page that asks. */
export const builtInProvider = 'signalbox'

/** GoTrue knows these; here none is set up. */
const known = new Set(
  `apple azure bitbucket discord facebook figma fly github gitlab google kakao keycloak linkedin
  linkedin_oidc notion slack slack_oidc snapchat spotify twitch twitter workos x zoom`.split(/\s+/),
)

const issuers: Readonly<Record<string, string>> = {
  apple: 'https://appleid.apple.com',
  azure: 'https://login.microsoftonline.com/common/v2.0',
  facebook: 'https://www.facebook.com',
  google: 'https://accounts.google.com',
  kakao: 'https://kauth.kakao.com',
}

export const oauthRefusals = {
  linkingOff: refusal(404, 'manual_linking_disabled', 'Manual linking is disabled'),
  samlOff: refusal(404, 'saml_provider_disabled', 'SAML 2.0 is disabled'),
  web3Off: refusal(422, 'web3_provider_disabled', 'Web3 provider is disabled'),
  chainUnknown: refusal(400, 'web3_unsupported_chain', 'Unsupported chain'),
  idTokenMissing: refusal(400, 'validation_failed', 'id_token required'),
  identityIdWrong: refusal(404, 'validation_failed', 'identity_id must be an UUID'),
  issuerMissing: refusal(400, 'validation_failed', 'provider or client_id and issuer required'),
} as const satisfies Record<string, AuthRefusal>

/** Null for the built-in provider. */
export function refuseProvider(name: string): AuthRefusal | null {
  if (name === builtInProvider) return null
  const why = known.has(name)
    ? 'provider is not enabled'
    : `Provider ${name.slice(0, 64)} could not be found`
  return refusal(400, 'validation_failed', `Unsupported provider: ${why}`)
}

const text = z.string().catch('')
const grantBody = z
  .object({ id_token: text, provider: text, issuer: text, chain: text })
  .partial()
  .catch({})

/** Why a grant of GoTrue's is not given here; null for a kind that GoTrue does not know either. */
export function refuseForeignGrant(kind: string, sent: unknown): AuthRefusal | null {
  const { id_token: token = '', provider = '', issuer = '', chain = '' } = grantBody.parse(sent)
  if (kind === 'web3') {
    return ['solana', 'ethereum'].includes(chain)
      ? oauthRefusals.web3Off
      : oauthRefusals.chainUnknown
  }
  if (kind !== 'id_token') return null
  if (token === '') return oauthRefusals.idTokenMissing
  const from = (Object.hasOwn(issuers, provider) ? issuers[provider] : undefined) ?? issuer
  if (provider === '' && from === '') return oauthRefusals.issuerMissing
  return from === ''
    ? refusal(
        400,
        'validation_failed',
        `Custom OIDC provider "${provider.slice(0, 64)}" not allowed`,
      )
    : refusal(400, 'provider_disabled', `Provider (issuer "${from.slice(0, 256)}") is not enabled`)
}
