import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { answerGrant, refuse } from './auth-answers.ts'
import {
  challengeFields,
  metadata,
  readBody,
  readEmail,
  redirectOf,
  refusePassword,
  text,
} from './auth-body.ts'
import { askerOf, type AuthContext } from './auth-context.ts'
import { invalid, refusals, refused, type AuthOutcome } from './auth-outcome.ts'
import { readChallenge } from './auth-pkce-flow.ts'
import { signUp, signUpAnonymously, type Newcomer } from './auth-sign-up.ts'

const signUpBody = z.object({
  email: text,
  phone: text,
  password: text,
  data: metadata,
  ...challengeFields,
})
type SignUpBody = z.infer<typeof signUpBody>

const noPassword = invalid('Signup requires a valid password')
const two = invalid('Only an email address or phone number should be provided on signup.')

/** `/signup`: with address and password, or with neither (an anonymous user). */
export function registerSignUp(app: FastifyInstance, context: AuthContext): void {
  const { config } = context
  app.post('/signup', async (request, reply) => {
    const body = readBody(signUpBody, request)
    if (!body.ok) return refuse(request, reply, body.refusal)
    const { email, phone, data } = body.value
    if (!config.allowSignUp) return refuse(request, reply, refusals.signUpDisabled)
    if (email === '' && phone === '') {
      if (!config.allowAnonymous) return refuse(request, reply, refusals.anonymousDisabled)
      const value = await signUpAnonymously(context, data ?? {}, askerOf(request))
      return answerGrant(request, reply, { ok: true, value })
    }
    const newcomer = readNewcomer(body.value, context, redirectOf(request, config))
    if (!newcomer.ok) return refuse(request, reply, newcomer.refusal)
    return answer(request, reply, { context, newcomer: newcomer.value })
  })
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  { context, newcomer }: { readonly context: AuthContext; readonly newcomer: Newcomer },
): Promise<FastifyReply> {
  const outcome = await signUp(context, newcomer, askerOf(request))
  if (!outcome.ok) return refuse(request, reply, outcome.refusal)
  if (outcome.value.grant === null) return reply.send(outcome.value.user)
  return answerGrant(request, reply, { ok: true, value: outcome.value.grant })
}

/** In GoTrue's order of refusals. */
function readNewcomer(
  body: SignUpBody,
  { config }: AuthContext,
  redirectTo: string,
): AuthOutcome<Newcomer> {
  const { password } = body
  if (password === '') return refused(noPassword)
  const weak = refusePassword(password, config)
  if (weak !== null) return refused(weak)
  if (body.email !== '' && body.phone !== '') return refused(two)
  const challenge = readChallenge(body.code_challenge, body.code_challenge_method)
  if (!challenge.ok) return challenge
  if (body.phone !== '') return refused(refusals.phoneSignUpDisabled)
  if (!config.email.allowSignUp) return refused(refusals.emailSignUpDisabled)
  const email = readEmail(body.email)
  if (!email.ok) return email
  const data = body.data ?? {}
  return {
    ok: true,
    value: { email: email.value, password, data, redirectTo, challenge: challenge.value },
  }
}
