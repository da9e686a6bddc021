import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { refuse } from './auth-answers.ts'
import {
  challengeFields,
  metadata,
  readBody,
  readEmail,
  redirectOf,
  refusePassword,
  text,
} from './auth-body.ts'
import type { AuthContext } from './auth-context.ts'
import { invalid, refusals, refused, type AuthOutcome } from './auth-outcome.ts'
import { readChallenge } from './auth-pkce-flow.ts'
import { updateUser, type OwnChange } from './auth-user-update.ts'
import { userBody } from './auth-users.ts'

const scopes = ['global', 'local', 'others'] as const
const logoutQuery = z.object({ scope: z.enum(scopes).default('global') })
const updateBody = z.object({
  email: text,
  phone: text,
  password: z.string().nullish(),
  nonce: text,
  data: metadata,
  app_metadata: metadata,
  ...challengeFields,
})

/** `/user` and `/logout`: what the holder of a session does with themselves. */
export function registerUser(app: FastifyInstance, context: AuthContext): void {
  const { database, authenticate } = context
  app.get('/user', async (request, reply) => {
    const access = await authenticate(request.headers.authorization)
    if (!access.ok) return refuse(request, reply, access.refusal)
    return reply.send(userBody(access.value.user))
  })
  app.put('/user', async (request, reply) => {
    const access = await authenticate(request.headers.authorization)
    if (!access.ok) return refuse(request, reply, access.refusal)
    const body = readBody(updateBody, request)
    const change = body.ok ? readChange(body.value, context, request) : body
    if (!change.ok) return refuse(request, reply, change.refusal)
    const outcome = await updateUser(context, access.value, change.value)
    if (!outcome.ok) return refuse(request, reply, outcome.refusal)
    return reply.send(userBody(outcome.value))
  })
  app.post('/logout', async (request, reply) => {
    const access = await authenticate(request.headers.authorization)
    if (!access.ok) return refuse(request, reply, access.refusal)
    const query = logoutQuery.safeParse(request.query)
    if (!query.success) return refuse(request, reply, refusals.scopeUnknown)
    const { user, sessionId } = access.value
    await database.query(
      `delete from auth.sessions where user_id = $1 and case $3
         when 'local' then id = $2 when 'others' then id <> $2 else true end`,
      [user.id, sessionId, query.data.scope],
    )
    return reply.code(204).send()
  })
}

const wrongPhone = invalid('Invalid phone number format (E.164 required)')

/** In GoTrue's order of refusals. */
function readChange(
  body: z.infer<typeof updateBody>,
  { config }: AuthContext,
  request: FastifyRequest,
): AuthOutcome<OwnChange> {
  const { phone, nonce, data } = body
  const email = body.email === '' ? null : readEmail(body.email)
  if (email !== null && !email.ok) return email
  if (phone !== '') {
    return refused(/^\+?[1-9]\d{1,14}$/.test(phone) ? refusals.phoneUnsupported : wrongPhone)
  }
  const password = body.password ?? null
  const weak = password === null ? null : refusePassword(password, config)
  if (weak !== null) return refused(weak)
  if (body.app_metadata !== null) return refused(refusals.notAdminForAppData)
  const challenge = readChallenge(body.code_challenge, body.code_challenge_method)
  if (!challenge.ok) return challenge
  const redirectTo = redirectOf(request, config)
  const fields = { email: email?.value ?? null, password, nonce, data, redirectTo }
  return { ok: true, value: { ...fields, challenge: challenge.value } }
}
