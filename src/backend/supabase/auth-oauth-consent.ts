import type { Queryable } from '../database/database.ts'
import type { AuthContext } from './auth-context.ts'
import type { Asker } from './auth-grant.ts'
import { recordIdentity } from './auth-oauth-identities.ts'
import { builtInProvider } from './auth-oauth-providers.ts'
import type { ConsentRequest } from './auth-oauth-request.ts'
import { beginFlow, issueCode } from './auth-pkce-flow.ts'
import type { UserRow } from './auth-users.ts'

type ConsentContext = Pick<AuthContext, 'database' | 'granter'>

/** The user said yes: back to the app with a code, or with the session itself (implicit flow). */
export function allow(
  { database, granter }: ConsentContext,
  request: ConsentRequest,
  { user, asker }: { readonly user: UserRow; readonly asker: Asker },
): Promise<string> {
  return database.tx(async (inside) => {
    await recordIdentity(inside, user, builtInProvider)
    const url = new URL(request.redirectTo)
    if (request.challenge !== null) {
      url.searchParams.set('code', await drawCode(inside, user, request.challenge))
      return url.href
    }
    const { body } = await granter.begin(inside, user, { method: 'oauth', asker })
    const { access_token, expires_at, expires_in, refresh_token, token_type } = body
    const session = { access_token, expires_at, expires_in, refresh_token, token_type }
    const texts = Object.entries(session).map(([name, value]) => [name, String(value)] as const)
    url.hash = new URLSearchParams(Object.fromEntries(texts)).toString()
    return url.href
  })
}

/** In the query and in the fragment, as GoTrue: which one an app reads depends on its flow. */
export function deny(request: ConsentRequest): string {
  const url = new URL(request.redirectTo)
  const fault = { error: 'access_denied', error_description: 'The user denied the request' }
  for (const [name, value] of Object.entries(fault)) url.searchParams.set(name, value)
  url.hash = new URLSearchParams(fault).toString()
  return url.href
}

async function drawCode(
  inside: Queryable,
  user: UserRow,
  challenge: NonNullable<ConsentRequest['challenge']>,
): Promise<string> {
  const flow = { userId: user.id, method: 'oauth' } as const
  await beginFlow(inside, flow, challenge)
  const issued = await issueCode(inside, flow)
  if (!issued.ok) throw new Error('the flow that was just begun is gone')
  return issued.value
}
