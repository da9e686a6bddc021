import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Access } from './auth-access.ts'
import { refuse } from './auth-answers.ts'
import type { AuthContext } from './auth-context.ts'
import { isAal2 } from './auth-mfa-factors.ts'
import { mfaRefusals } from './auth-mfa-refusals.ts'
import type { AuthRefusal } from './auth-outcome.ts'

const refusal = (status: number, code: string, message: string): AuthRefusal => ({
  status,
  code,
  message,
})

const off = {
  passkeys: refusal(404, 'passkey_disabled', 'Passkeys are disabled'),
  oauthServer: refusal(404, 'feature_disabled', 'OAuth server is disabled'),
  customProviders: refusal(404, 'feature_disabled', 'Custom OAuth providers are disabled'),
  recoveryEnroll: refusal(
    422,
    'mfa_recovery_codes_enroll_not_enabled',
    'MFA enroll is disabled for recovery codes',
  ),
  recoveryVerify: refusal(
    422,
    'mfa_recovery_codes_verify_not_enabled',
    'MFA verification is disabled for recovery codes',
  ),
  recoveryNone: refusal(404, 'mfa_factor_not_found', 'The user has not enrolled recovery codes'),
  recoveryNeedsAal2: refusal(403, 'insufficient_aal', 'AAL2 required to delete recovery codes'),
} as const satisfies Record<string, AuthRefusal>

/** What this server does not have is refused as by a GoTrue where it is switched off. */
export function registerFeaturesOff(app: FastifyInstance, context: AuthContext): void {
  for (const path of ['/passkeys', '/passkeys/*']) app.all(path, answer(off.passkeys))
  app.all('/oauth/*', answer(off.oauthServer))
  app.route({
    method: ['GET', 'DELETE'],
    url: '/user/oauth/grants',
    handler: async (request, reply) => {
      const access = await context.authenticate(request.headers.authorization)
      return refuse(request, reply, access.ok ? off.oauthServer : access.refusal)
    },
  })
  addRecoveryCodes(app, context)
}

/** The same behind the secret key. */
export function registerAdminFeaturesOff(app: FastifyInstance): void {
  app.all('/admin/oauth/*', answer(off.oauthServer))
  for (const path of ['/admin/custom-providers', '/admin/custom-providers/*']) {
    app.all(path, answer(off.customProviders))
  }
}

function addRecoveryCodes(app: FastifyInstance, context: AuthContext): void {
  const { authenticate, database } = context
  const path = '/factors/recovery-codes'
  const behind = (judge: (access: Access) => AuthRefusal | Promise<AuthRefusal>) => {
    return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const access = await authenticate(request.headers.authorization)
      if (!access.ok) return refuse(request, reply, access.refusal)
      const why = access.value.user.is_anonymous ? mfaRefusals.anonymous : judge(access.value)
      return refuse(request, reply, await why)
    }
  }
  app.get(
    path,
    behind(() => off.recoveryNone),
  )
  app.post(
    path,
    behind(() => off.recoveryEnroll),
  )
  app.post(
    `${path}/regenerate`,
    behind(() => off.recoveryEnroll),
  )
  app.post(
    `${path}/verify`,
    behind(() => off.recoveryVerify),
  )
  const judgeEnd = async ({ sessionId }: Access): Promise<AuthRefusal> =>
    (await isAal2(database, sessionId)) ? off.recoveryNone : off.recoveryNeedsAal2
  app.delete(path, behind(judgeEnd))
}

function answer(why: AuthRefusal) {
  return (request: FastifyRequest, reply: FastifyReply): FastifyReply => refuse(request, reply, why)
}
