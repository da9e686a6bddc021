import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { answerGrant, refuse } from './auth-answers.ts'
import { text } from './auth-body.ts'
import { askerOf, type AuthContext } from './auth-context.ts'
import { Grants } from './auth-grants.ts'
import { refuseForeignGrant } from './auth-oauth-providers.ts'
import { invalid, refusals, type AuthRefusal } from './auth-outcome.ts'
import { redeemCode } from './auth-pkce-grant.ts'

const passwordBody = z.object({ email: text, phone: text, password: text })
const refreshBody = z.object({ refresh_token: text })
const grantQuery = z.object({ grant_type: z.string().catch('') })

/** `/token`: a session for a password, a refresh token or a code. */
export function registerToken(app: FastifyInstance, context: AuthContext): void {
  const grants = new Grants(context)
  const { config } = context
  app.post('/token', async (request, reply) => {
    const { grant_type: kind } = grantQuery.parse(request.query)
    if (kind === 'password') {
      const body = passwordBody.safeParse(request.body)
      if (!body.success) return refuse(request, reply, refusals.badJson)
      const { email, phone, password } = body.data
      const refusal = refuseIdentifier(email, phone, config.email.allowSignUp)
      if (refusal !== null) return refuse(request, reply, refusal)
      const outcome = await grants.signIn(email, password, askerOf(request))
      return answerGrant(request, reply, outcome)
    }
    if (kind === 'pkce') {
      return answerGrant(request, reply, await redeemCode(context, request.body, askerOf(request)))
    }
    if (kind !== 'refresh_token') {
      const foreign = refuseForeignGrant(kind, request.body)
      return refuse(request, reply, foreign ?? refusals.unsupportedGrant)
    }
    const body = refreshBody.safeParse(request.body)
    if (!body.success) return refuse(request, reply, refusals.badJson)
    if (body.data.refresh_token === '') {
      const error = { error: 'invalid_request', error_description: 'refresh_token required' }
      return reply.code(400).send(error)
    }
    return answerGrant(request, reply, await grants.refresh(body.data.refresh_token))
  })
}

const two = invalid('Only an email address or phone number should be provided on login.')

function refuseIdentifier(email: string, phone: string, emailOn: boolean): AuthRefusal | null {
  if (email !== '' && phone !== '') return two
  if (email !== '') return emailOn ? null : refusals.emailDisabled
  return phone === '' ? refusals.noIdentifier : refusals.phoneDisabled
}
