import type { FastifyInstance } from 'fastify'
import { requireApiKey } from './api-key-door.ts'
import { createAuthenticate } from './auth-access.ts'
import { answerUnexpected, answerUnknown, stampVersion } from './auth-answers.ts'
import type { AuthContext, AuthParts } from './auth-context.ts'
import { Granter } from './auth-grant.ts'
import { registerFeaturesOff } from './auth-features-off.ts'
import { parseJson } from './auth-json.ts'
import { registerAdmin } from './auth-admin-routes.ts'
import { registerMfa } from './auth-mfa-routes.ts'
import { registerAuthorize, registerIdentities } from './auth-oauth-routes.ts'
import { registerOtp } from './auth-otp-routes.ts'
import { settingsOf } from './auth-settings.ts'
import { registerSignUp } from './auth-signup-routes.ts'
import { registerToken } from './auth-token-routes.ts'
import { registerUser } from './auth-user-routes.ts'
import { registerVerify } from './auth-verify-routes.ts'
import { WrongGuesses } from './wrong-guesses.ts'

/** `/auth/v1` as an unmodified supabase-js expects it (supabase.md §1). */
export function registerAuth(app: FastifyInstance, parts: AuthParts): void {
  const context = createContext(parts)
  parseEveryBodyAsJson(app)
  app.addHook('onRequest', stampVersion)
  app.setErrorHandler(answerUnexpected(context.log))
  app.setNotFoundHandler(answerUnknown)
  app.get('/.well-known/jwks.json', (_request, reply) =>
    reply.header('cache-control', 'public, max-age=600').send(context.issuer.jwks),
  )
  registerAuthorize(app, context)
  registerVerify(app, context)
  app.register((closed, _options, done) => {
    requireApiKey(closed, context.apiKeys)
    addPublicRoutes(closed, context)
    registerToken(closed, context)
    registerSignUp(closed, context)
    registerUser(closed, context)
    registerOtp(closed, context)
    registerIdentities(closed, context)
    registerMfa(closed, context)
    registerFeaturesOff(closed, context)
    registerAdmin(closed, context)
    done()
  })
}

function createContext(parts: AuthParts): AuthContext {
  const issuerUrl = (): string => `${parts.origin()}/auth/v1`
  return {
    ...parts,
    issuerUrl,
    granter: new Granter({ ...parts, issuerUrl }),
    authenticate: createAuthenticate(parts.database, parts.check),
    wrongPasswords: new WrongGuesses(),
    wrongCodes: new WrongGuesses(),
  }
}

/** As GoTrue: whatever the content type says, and an empty body is none. */
function parseEveryBodyAsJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? {} : parseJson(String(body)))
    } catch {
      done(Object.assign(new Error('not JSON'), { statusCode: 400, code: 'bad_json' }))
    }
  })
}

function addPublicRoutes(app: FastifyInstance, { version, config }: AuthContext): void {
  app.get('/health', () => ({ version, name: 'GoTrue', description: 'Signalbox embedded auth' }))
  app.get('/settings', () => settingsOf(config))
}
