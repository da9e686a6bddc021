import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Access } from './auth-access.ts'
import { answerGrant, refuse } from './auth-answers.ts'
import type { AuthContext } from './auth-context.ts'
import { Factors, findFactor, type Factor } from './auth-mfa-factors.ts'
import { mfaRefusals } from './auth-mfa-refusals.ts'
import { FactorSecrets } from './auth-mfa-secret.ts'
import { verifyFactor } from './auth-mfa-verify.ts'
import { refusals, refused, type AuthOutcome } from './auth-outcome.ts'
import { WrongGuesses } from './wrong-guesses.ts'

const text = z
  .string()
  .max(256)
  .nullish()
  .transform((value) => value ?? '')
const enrollBody = z.object({
  friendly_name: text,
  factor_type: z.string().default(''),
  issuer: text,
})
const verifyBody = z.object({ challenge_id: z.uuid(), code: z.string().max(64).default('') })
/** So many codes of one user: none is found by trying them all. */
const codeLimits = { most: 15, windowMs: 60_000 }
const factorPath = z.object({ factorId: z.uuid() })

/** `/factors`: second factors that show a time-based code (supabase.md §1). */
export function registerMfa(app: FastifyInstance, context: AuthContext): void {
  const secrets = new FactorSecrets(context.apiKeys.secret)
  const { database, config } = context
  const factors = new Factors({ database, config: config.mfa, secrets })
  addEnroll(app, context, factors)
  addChallenge(app, context, factors)
  addVerify(app, context, secrets)
  app.delete('/factors/:factorId', async (request, reply) => {
    const found = await findOwned(request, context)
    if (!found.ok) return refuse(request, reply, found.refusal)
    const outcome = await factors.unenroll(found.value.access, found.value.factor)
    return outcome.ok ? reply.send(outcome.value) : refuse(request, reply, outcome.refusal)
  })
}

function addEnroll(app: FastifyInstance, context: AuthContext, factors: Factors): void {
  const { authenticate, config } = context
  app.post('/factors', async (request, reply) => {
    const access = await authenticate(request.headers.authorization)
    if (!access.ok) return refuse(request, reply, access.refusal)
    if (access.value.user.is_anonymous) return refuse(request, reply, mfaRefusals.anonymous)
    const body = enrollBody.safeParse(request.body)
    if (!body.success) return refuse(request, reply, mfaRefusals.tooLong)
    const { factor_type: type, friendly_name: friendlyName } = body.data
    const off = refuseType(type, config.mfa.totpEnroll)
    if (off !== null) return refuse(request, reply, off)
    const issuer = body.data.issuer === '' ? new URL(config.siteUrl).host : body.data.issuer
    const outcome = await factors.enroll(access.value, { friendlyName, issuer })
    reply.header('cache-control', 'no-store')
    return outcome.ok ? reply.send(outcome.value) : refuse(request, reply, outcome.refusal)
  })
}

function refuseType(type: string, totpOn: boolean) {
  if (type === 'phone') return mfaRefusals.phoneEnrollOff
  if (type === 'webauthn') return mfaRefusals.webauthnEnrollOff
  if (type !== 'totp') return mfaRefusals.typeUnknown
  return totpOn ? null : mfaRefusals.enrollOff
}

function addChallenge(app: FastifyInstance, context: AuthContext, factors: Factors): void {
  app.post('/factors/:factorId/challenge', async (request, reply) => {
    const found = await findOwned(request, context)
    if (!found.ok) return refuse(request, reply, found.refusal)
    if (!context.config.mfa.totpVerify) return refuse(request, reply, mfaRefusals.verifyOff)
    return reply.send(await factors.challenge(found.value.factor, request.ip))
  })
}

function addVerify(app: FastifyInstance, context: AuthContext, secrets: FactorSecrets): void {
  const { database, granter, config } = context
  const wrongCodes = new WrongGuesses(codeLimits)
  app.post('/factors/:factorId/verify', async (request, reply) => {
    const found = await findOwned(request, context)
    if (!found.ok) return refuse(request, reply, found.refusal)
    const { access, factor } = found.value
    if (wrongCodes.tooMany(access.user.id)) return refuse(request, reply, refusals.tooMany)
    // Before it is known to be wrong: many may come at once.
    wrongCodes.add(access.user.id)
    const body = verifyBody.safeParse(request.body)
    if (!body.success) return refuse(request, reply, mfaRefusals.challengeUnknown)
    const { challenge_id: challengeId, code } = body.data
    if (code === '') return refuse(request, reply, mfaRefusals.codeMissing)
    if (!config.mfa.totpVerify) return refuse(request, reply, mfaRefusals.verifyOff)
    const entry = { factorId: factor.id, challengeId, code, ip: request.ip }
    const outcome = await verifyFactor({ database, granter, secrets }, access, entry)
    if (outcome.ok) wrongCodes.forget(access.user.id)
    return answerGrant(request, reply, outcome)
  })
}

/** Who asks, and their factor; another user's does not exist. */
async function findOwned(
  request: FastifyRequest,
  { authenticate, database }: AuthContext,
): Promise<AuthOutcome<{ access: Access; factor: Factor }>> {
  const access = await authenticate(request.headers.authorization)
  if (!access.ok) return access
  if (access.value.user.is_anonymous) return refused(mfaRefusals.anonymous)
  const path = factorPath.safeParse(request.params)
  if (!path.success) return refused(mfaRefusals.idWrong)
  const factor = await findFactor(database, access.value.user.id, path.data.factorId)
  if (factor === null) return refused(mfaRefusals.unknown)
  return { ok: true, value: { access: access.value, factor } }
}
