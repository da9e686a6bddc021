import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { AuthConfig } from '../config.ts'
import type { Database } from '../database/database.ts'
import type { Log } from '../log.ts'
import type { Issuer } from '../tokens/issuer.ts'
import type { TokenCheck } from '../tokens/token-check.ts'
import { requireApiKey } from './api-key-door.ts'
import type { ApiKeys } from './api-keys.ts'
import { createAuthenticate } from './auth-access.ts'
import { answerUnexpected, answerUnknown, refuse, stampVersion } from './auth-answers.ts'
import { Granter, type Asker, type Grant } from './auth-grant.ts'
import { Grants } from './auth-grants.ts'
import { refusals, type AuthOutcome } from './auth-outcome.ts'
import { userBody } from './auth-users.ts'

export interface AuthContext {
  readonly database: Database
  readonly issuer: Issuer
  readonly check: TokenCheck
  readonly apiKeys: ApiKeys
  readonly config: AuthConfig
  readonly version: string
  readonly log: Log
  readonly issuerUrl: () => string
}

const passwordBody = z.object({
  email: z.string().default(''),
  phone: z.string().default(''),
  password: z.string().default(''),
})
const signUpBody = z.object({
  email: z.email(),
  password: z.string(),
  data: z
    .record(z.string(), z.unknown())
    .nullish()
    .transform((data) => data ?? {}),
})
const refreshBody = z.object({ refresh_token: z.string().default('') })
const grantQuery = z.object({ grant_type: z.string().default('') })
const scopes = ['global', 'local', 'others'] as const
const logoutQuery = z.object({ scope: z.enum(scopes).default('global') })

/** `/auth/v1` as an unmodified supabase-js expects it (supabase.md §1). */
export function registerAuth(app: FastifyInstance, context: AuthContext): void {
  parseEveryBodyAsJson(app)
  app.addHook('onRequest', stampVersion)
  app.setErrorHandler(answerUnexpected(context.log))
  app.setNotFoundHandler(answerUnknown)
  app.get('/.well-known/jwks.json', (_request, reply) =>
    reply.header('cache-control', 'public, max-age=600').send(context.issuer.jwks),
  )
  app.register((closed, _options, done) => {
    requireApiKey(closed, context.apiKeys)
    addPublicRoutes(closed, context)
    const grants = new Grants({ ...context, granter: new Granter(context) })
    addTokenRoute(closed, grants)
    addSignUpRoute(closed, grants)
    addUserRoutes(closed, context)
    done()
  })
}

/** As GoTrue: whatever the content type says, and an empty body is none. */
function parseEveryBodyAsJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? {} : JSON.parse(String(body)))
    } catch {
      done(Object.assign(new Error('not JSON'), { statusCode: 400, code: 'bad_json' }))
    }
  })
}

function addPublicRoutes(app: FastifyInstance, { version, config }: AuthContext): void {
  app.get('/health', () => ({ version, name: 'GoTrue', description: 'Signalbox embedded auth' }))
  app.get('/settings', () => ({
    external: { email: true, phone: false, anonymous_users: false },
    disable_signup: !config.allowSignUp,
    mailer_autoconfirm: true,
    phone_autoconfirm: false,
    sms_provider: '',
    saml_enabled: false,
  }))
}

function addSignUpRoute(app: FastifyInstance, grants: Grants): void {
  app.post('/signup', async (request, reply) => {
    const body = signUpBody.safeParse(request.body)
    if (!body.success) return refuse(request, reply, refusals.noIdentifier)
    return answerGrant(request, reply, await grants.signUp(body.data, askerOf(request)))
  })
}

function addTokenRoute(app: FastifyInstance, grants: Grants): void {
  app.post('/token', async (request, reply) => {
    const { grant_type: kind } = grantQuery.parse(request.query)
    if (kind === 'password') {
      const body = passwordBody.safeParse(request.body)
      if (!body.success) return refuse(request, reply, refusals.badJson)
      const { email, phone, password } = body.data
      if (email === '' && phone === '') return refuse(request, reply, refusals.noIdentifier)
      const outcome = await grants.signIn(email, password, askerOf(request))
      return answerGrant(request, reply, outcome)
    }
    if (kind !== 'refresh_token') return refuse(request, reply, refusals.unsupportedGrant)
    const body = refreshBody.safeParse(request.body)
    if (!body.success) return refuse(request, reply, refusals.badJson)
    if (body.data.refresh_token === '') {
      const error = { error: 'invalid_request', error_description: 'refresh_token required' }
      return reply.code(400).send(error)
    }
    return answerGrant(request, reply, await grants.refresh(body.data.refresh_token))
  })
}

function addUserRoutes(app: FastifyInstance, { database, check }: AuthContext): void {
  const authenticate = createAuthenticate(database, check)
  app.get('/user', async (request, reply) => {
    const access = await authenticate(request.headers.authorization)
    if (!access.ok) return refuse(request, reply, access.refusal)
    return reply.send(userBody(access.value.user))
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

function askerOf(request: FastifyRequest): Asker {
  return { userAgent: request.headers['user-agent'] ?? null, ip: request.ip }
}

function answerGrant(
  request: FastifyRequest,
  reply: FastifyReply,
  outcome: AuthOutcome<Grant>,
): FastifyReply {
  reply.header('cache-control', 'no-store')
  if (!outcome.ok) {
    return refuse(request, reply.headers({ ...outcome.headers }), outcome.refusal)
  }
  return reply.headers({ ...outcome.value.headers }).send(outcome.value.body)
}
