import type { FastifyInstance, FastifyRequest } from 'fastify'
import { refuse } from './auth-answers.ts'
import type { AuthContext } from './auth-context.ts'
import { badJwt, refusals, type AuthRefusal } from './auth-outcome.ts'

const roles: readonly unknown[] = ['service_role', 'supabase_admin']
const notAdmin: AuthRefusal = { status: 403, code: 'not_admin', message: 'User not allowed' }

/** Only the project's secret key may pass, in either of its forms; no user is an administrator. */
export function requireAdmin(app: FastifyInstance, context: AuthContext): void {
  app.addHook('onRequest', async (request, reply) => {
    const refusal = await judge(request, context)
    if (refusal !== null) await refuse(request, reply, refusal)
  })
}

async function judge(
  request: FastifyRequest,
  { apiKeys, check }: AuthContext,
): Promise<AuthRefusal | null> {
  const { authorization, apikey } = request.headers
  const apiKey = typeof apikey === 'string' ? apikey : null
  // The key alone is not enough here: GoTrue wants somebody to say who they are.
  const bearer = authorization === undefined ? null : apiKeys.bearerFor({ authorization, apiKey })
  if (bearer === null) return refusals.noBearer
  const checked = await check.check(bearer)
  if (!checked.ok) return badJwt(`token is not valid: ${checked.why}`)
  return roles.includes(checked.payload.role) ? null : notAdmin
}
