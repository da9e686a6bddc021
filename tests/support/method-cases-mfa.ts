import type { Case } from './method-cases-auth.ts'
import type { AuthDesk } from './method-desk.ts'

const withFactor =
  (call: (there: Awaited<ReturnType<AuthDesk['withFactor']>>) => unknown): Case<AuthDesk> =>
  async (desk) => {
    const there = await desk.withFactor()
    return () => call(there)
  }

const signedIn =
  (call: (there: Awaited<ReturnType<AuthDesk['signedIn']>>) => unknown): Case<AuthDesk> =>
  async (desk) => {
    const there = await desk.signedIn()
    return () => call(there)
  }

const totp: Record<string, Case<AuthDesk>> = {
  'mfa.enroll': signedIn(({ client }) => client.mfa.enroll({ factorType: 'totp' })),
  'mfa.challenge': withFactor(({ client, factorId }) => client.mfa.challenge({ factorId })),
  'mfa.verify': async (desk) => {
    const { client, factorId, code } = await desk.withFactor()
    const { data } = await client.mfa.challenge({ factorId })
    return () => client.mfa.verify({ factorId, challengeId: data!.id, code: code() })
  },
  'mfa.challengeAndVerify': withFactor(({ client, factorId, code }) =>
    client.mfa.challengeAndVerify({ factorId, code: code() }),
  ),
  'mfa.unenroll': withFactor(({ client, factorId }) => client.mfa.unenroll({ factorId })),
  'mfa.listFactors': withFactor(({ client }) => client.mfa.listFactors()),
  'mfa.getAuthenticatorAssuranceLevel': signedIn(({ client }) =>
    client.mfa.getAuthenticatorAssuranceLevel(),
  ),
}

const recoveryCodes: Record<string, Case<AuthDesk>> = {
  'mfa.recoveryCodes.getStatus': signedIn(({ client }) => client.mfa.recoveryCodes.getStatus()),
  'mfa.recoveryCodes.generate': signedIn(({ client }) => client.mfa.recoveryCodes.generate()),
  'mfa.recoveryCodes.regenerate': signedIn(({ client }) => client.mfa.recoveryCodes.regenerate()),
  'mfa.recoveryCodes.verify': signedIn(({ client }) =>
    client.mfa.recoveryCodes.verify({ code: 'ABCD-EFGH' }),
  ),
  'mfa.recoveryCodes.unenroll': async (desk) => {
    const { client, factorId, code } = await desk.withFactor()
    await client.mfa.challengeAndVerify({ factorId, code: code() })
    return () => client.mfa.recoveryCodes.unenroll()
  },
}

/** No factor of this kind can be enrolled: its id is nobody's. */
const factorId = '00000000-0000-4000-8000-000000000000'
const relyingParty = { rpId: 'desk.test', rpOrigins: ['https://desk.test'] }

const webauthn: Record<string, Case<AuthDesk>> = {
  'mfa.webauthn.enroll': signedIn(({ client }) =>
    client.mfa.webauthn.enroll({ friendlyName: 'desk' }),
  ),
  'mfa.webauthn.challenge': signedIn(({ client }) =>
    client.mfa.webauthn.challenge({ factorId, webauthn: relyingParty }),
  ),
  'mfa.webauthn.verify': signedIn(({ client }) =>
    client.mfa.webauthn.verify({
      factorId,
      challengeId: factorId,
      webauthn: {
        ...relyingParty,
        type: 'create',
        credential_response: { toJSON: () => ({}) } as never,
      },
    }),
  ),
  'mfa.webauthn.authenticate': signedIn(({ client }) =>
    client.mfa.webauthn.authenticate({ factorId, webauthn: relyingParty }),
  ),
  'mfa.webauthn.register': signedIn(({ client }) =>
    client.mfa.webauthn.register({ friendlyName: 'desk', webauthn: relyingParty }),
  ),
}

export const mfaCases = { ...totp, ...recoveryCodes, ...webauthn }
