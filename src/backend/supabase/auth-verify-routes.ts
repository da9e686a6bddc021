import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { answerGrant, refuse } from './auth-answers.ts'
import { readBody, readEmail, redirectOf, text } from './auth-body.ts'
import { askerOf, type AuthContext } from './auth-context.ts'
import type { AuthMethod, Grant } from './auth-grant.ts'
import { leadsBackWithCode } from './auth-links.ts'
import type { Proof } from './auth-one-time-tokens.ts'
import { invalid, refusals, refused, type AuthOutcome } from './auth-outcome.ts'
import { issueCode } from './auth-pkce-flow.ts'
import { backWithCode, backWithError, backWithGrant, backWithMessage } from './auth-returns.ts'
import { verify, verifyTypes, type Verified, type VerifyType } from './auth-verify.ts'

const verifyBody = z.object({
  type: text,
  token: text,
  token_hash: text,
  email: text,
  phone: text,
  redirect_to: text,
})
const single = z.string().catch('')
const verifyQuery = z.object({ type: single, token: single })

const half = 'Confirmation link accepted. Please proceed to confirm link sent to the other email'

/** `/verify`: codes are posted, links are opened. A link has no API key. */
export function registerVerify(app: FastifyInstance, context: AuthContext): void {
  app.post('/verify', async (request, reply) => {
    const body = readBody(verifyBody, request)
    const proof = body.ok ? readProof(body.value) : body
    if (!proof.ok) return refuse(request, reply, proof.refusal)
    return answerProof(request, reply, { context, ...proof.value })
  })
  // A mail scanner that asks for the head only must not use the link up.
  app.get('/verify', { exposeHeadRoute: false }, async (request, reply) => {
    const query = verifyQuery.parse(request.query)
    const asked = readLink(query)
    if (!asked.ok) return refuse(request, reply, asked.refusal)
    const to = await follow(context, request, asked.value)
    return reply
      .headers({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
      .redirect(to, 303)
  })
}

interface Asked {
  readonly type: VerifyType
  readonly proof: Proof
}

const isType = (type: string): type is VerifyType => verifyTypes.some((known) => known === type)

/** In GoTrue's order of refusals. */
function readProof(body: z.infer<typeof verifyBody>): AuthOutcome<Asked> {
  const { type, token, token_hash: hash, email, phone, redirect_to: redirectTo } = body
  if (type === '') return refused(invalid('Verify requires a verification type'))
  if ((token === '') === (hash === '')) {
    return refused(invalid('Verify requires either a token or a token hash'))
  }
  if (hash !== '') {
    if (email !== '' || phone !== '' || redirectTo !== '') {
      return refused(invalid('Only the token_hash and type should be provided'))
    }
    return isType(type)
      ? { ok: true, value: { type, proof: { link: hash } } }
      : refused(invalid('Invalid email verification type'))
  }
  if ((email === '') === (phone === '')) {
    return refused(invalid('Only an email address or phone number should be provided on verify'))
  }
  // No phone has ever been sent a code.
  if (phone !== '') return refused(refusals.codeWrong)
  const address = readEmail(email)
  if (!address.ok) return address
  return isType(type)
    ? { ok: true, value: { type, proof: { email: address.value, code: token } } }
    : refused(invalid('Unsupported verification type'))
}

function readLink({ type, token }: z.infer<typeof verifyQuery>): AuthOutcome<Asked> {
  if (type === '') return refused(invalid('Verify requires a verification type'))
  if (token === '') return refused(invalid('Verify requires a token or a token hash'))
  if (!isType(type)) return refused(invalid('Invalid email verification type'))
  return { ok: true, value: { type, proof: { link: token } } }
}

async function answerProof(
  request: FastifyRequest,
  reply: FastifyReply,
  { context, type, proof }: Asked & { readonly context: AuthContext },
): Promise<FastifyReply> {
  const { database, granter, wrongCodes } = context
  const address = 'link' in proof ? null : proof.email
  if (address !== null && wrongCodes.tooMany(address)) {
    return refuse(request, reply, refusals.tooMany)
  }
  const outcome = await database.tx(async (inside): Promise<AuthOutcome<Grant | null>> => {
    const verified = await verify(inside, context, { type, proof })
    if (!verified.ok) return verified
    const { user } = verified.value
    if (user === null) return { ok: true, value: null }
    const asker = askerOf(request)
    return { ok: true, value: await granter.begin(inside, user, { method: 'otp', asker }) }
  })
  if (!outcome.ok && address !== null) wrongCodes.add(address)
  if (outcome.ok && outcome.value === null) return reply.send({ msg: half, code: '200' })
  return answerGrant(request, reply, outcome as AuthOutcome<Grant>)
}

const methods: Readonly<Record<Verified['type'], AuthMethod>> = {
  signup: 'email/signup',
  invite: 'invite',
  magiclink: 'magiclink',
  recovery: 'recovery',
  email_change: 'email_change',
}

/** Where the browser goes from a link: to the app, with a session, a code or an error. */
function follow(
  { database, granter, ...context }: AuthContext,
  request: FastifyRequest,
  asked: Asked,
): Promise<string> {
  const redirectTo = redirectOf(request, context.config)
  const withCode = 'link' in asked.proof && leadsBackWithCode(asked.proof.link)
  return database.tx(async (inside) => {
    const verified = await verify(inside, context, asked)
    if (!verified.ok) return backWithError(redirectTo, verified.refusal, withCode)
    const { user, type } = verified.value
    if (user === null) return backWithMessage(redirectTo, half, withCode)
    if (!withCode) {
      const grant = await granter.begin(inside, user, { method: 'otp', asker: askerOf(request) })
      return backWithGrant(redirectTo, grant, type)
    }
    const code = await issueCode(inside, { userId: user.id, method: methods[type] })
    return code.ok
      ? backWithCode(redirectTo, code.value)
      : backWithError(redirectTo, code.refusal, withCode)
  })
}
