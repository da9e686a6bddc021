import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { refuse } from './auth-answers.ts'
import { challengeFields, metadata, readBody, readEmail, redirectOf, text } from './auth-body.ts'
import type { AuthContext } from './auth-context.ts'
import { mailLink } from './auth-mail.ts'
import { mailAgain, mailRecovery, mailSignIn, type Wish } from './auth-otp.ts'
import { invalid, refusals, refused, type AuthOutcome, type AuthRefusal } from './auth-outcome.ts'
import { readChallenge } from './auth-pkce-flow.ts'
import { lockUser } from './auth-users.ts'

const mailBody = z.object({ email: text, ...challengeFields })
const otpBody = mailBody.extend({
  phone: text,
  channel: text,
  data: metadata,
  create_user: z.boolean().nullish(),
})
const resendBody = mailBody.extend({ type: text, phone: text })

const twoNames = invalid('Only an email address or phone number should be provided')

/** What mails a code and a link: `/otp`, `/magiclink`, `/recover`, `/resend`, `/reauthenticate`. */
export function registerOtp(app: FastifyInstance, context: AuthContext): void {
  const signIn = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const body = readBody(otpBody, request)
    const wish = body.ok ? readOtp(body.value, context, request) : body
    if (!wish.ok) return refuse(request, reply, wish.refusal)
    return answer(request, reply, await mailSignIn(context, wish.value))
  }
  app.post('/otp', signIn)
  app.post('/magiclink', signIn)
  app.post('/recover', async (request, reply) => {
    const body = readBody(mailBody, request)
    const empty = body.ok && body.value.email === ''
    const wish = body.ok ? readWish(body.value, context, request) : body
    if (empty) return refuse(request, reply, invalid('Password recovery requires an email'))
    if (!wish.ok) return refuse(request, reply, wish.refusal)
    return answer(request, reply, await mailRecovery(context, wish.value))
  })
  app.post('/resend', async (request, reply) => {
    const body = readBody(resendBody, request)
    const wish = body.ok ? readResend(body.value, context, request) : body
    if (!wish.ok) return refuse(request, reply, wish.refusal)
    return answer(request, reply, await mailAgain(context, wish.value))
  })
  addReauthenticate(app, context)
}

type MailBody = z.infer<typeof mailBody>

function readWish(
  body: MailBody,
  { config }: AuthContext,
  request: FastifyRequest,
): AuthOutcome<Wish> {
  const email = readEmail(body.email)
  if (!email.ok) return email
  const challenge = readChallenge(body.code_challenge, body.code_challenge_method)
  if (!challenge.ok) return challenge
  const redirectTo = redirectOf(request, config)
  return { ok: true, value: { email: email.value, redirectTo, challenge: challenge.value } }
}

function readOtp(
  body: z.infer<typeof otpBody>,
  context: AuthContext,
  request: FastifyRequest,
): AuthOutcome<Wish & { data: Record<string, unknown>; createUser: boolean }> {
  const { email, phone, channel, data, create_user: createUser } = body
  if (email !== '' && phone !== '') return refused(twoNames)
  if (email !== '' && channel !== '') {
    return refused(invalid('Channel should only be specified with Phone OTP'))
  }
  if (phone !== '') return refused(refusals.phoneUnsupported)
  if (email === '') return refused(invalid('One of email or phone must be set'))
  if (!context.config.email.allowSignUp) return refused(refusals.emailDisabled)
  const wish = readWish(body, context, request)
  if (!wish.ok) return wish
  return { ok: true, value: { ...wish.value, data: data ?? {}, createUser: createUser ?? true } }
}

function readResend(
  body: z.infer<typeof resendBody>,
  context: AuthContext,
  request: FastifyRequest,
): AuthOutcome<Wish & { type: 'signup' | 'email_change' }> {
  const { type, email, phone } = body
  const refusal = refuseResend(type, email, phone)
  if (refusal !== null) return refused(refusal)
  if (!context.config.email.allowSignUp) {
    return refused({ ...refusals.emailDisabled, status: 400 })
  }
  const wish = readWish(body, context, request)
  if (!wish.ok) return wish
  const known = type === 'signup' ? 'signup' : 'email_change'
  return { ok: true, value: { ...wish.value, type: known } }
}

function refuseResend(type: string, email: string, phone: string): AuthRefusal | null {
  if (!['signup', 'email_change', 'sms', 'phone_change'].includes(type)) {
    return invalid('Missing one of these types: signup, email_change, sms, phone_change')
  }
  if (email === '' && type === 'signup') return invalid('Type provided requires an email address')
  if (phone === '' && type === 'sms') return invalid('Type provided requires a phone number')
  if (email !== '' && phone !== '') return invalid(`${twoNames.message}.`)
  if (email === '' && phone === '') return invalid('Missing email address or phone number')
  return phone === '' ? null : { ...refusals.phoneDisabled, status: 400 }
}

function addReauthenticate(app: FastifyInstance, context: AuthContext): void {
  const { authenticate, database, config } = context
  app.get('/reauthenticate', { exposeHeadRoute: false }, async (request, reply) => {
    const access = await authenticate(request.headers.authorization)
    if (!access.ok) return refuse(request, reply, access.refusal)
    const outcome = await database.tx(async (inside): Promise<AuthOutcome<null>> => {
      const user = await lockUser(inside, access.value.user.id)
      if (user === null) return refused(refusals.userGone)
      if (user.email === null) return refused(refusals.reauthenticationUseless)
      if (user.email_confirmed_at === null) return refused(refusals.unverifiedEmail)
      const { email } = user
      const redirectTo = config.siteUrl
      return mailLink(inside, context, { kind: 'reauthentication', user, email, redirectTo })
    })
    return answer(request, reply, outcome)
  })
}

function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  outcome: AuthOutcome<null>,
): FastifyReply {
  return outcome.ok ? reply.send({}) : refuse(request, reply, outcome.refusal)
}
