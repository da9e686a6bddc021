import type { AuthDesk } from './method-desk.ts'

/** What is to be seen of a method: what it answered, for `outcomeOf`. */
export type Case<Desk> = (desk: Desk) => Promise<() => unknown>

const now =
  (call: (desk: AuthDesk) => unknown): Case<AuthDesk> =>
  (desk) =>
    Promise.resolve(() => call(desk))

const signedIn =
  (call: (there: Awaited<ReturnType<AuthDesk['signedIn']>>) => unknown): Case<AuthDesk> =>
  async (desk) => {
    const there = await desk.signedIn()
    return () => call(there)
  }

const signIns: Record<string, Case<AuthDesk>> = {
  signInAnonymously: now((desk) => desk.client().signInAnonymously()),
  signUp: now((desk) =>
    desk.client().signUp({ email: 'new@desk.test', password: 'a password of the tests' }),
  ),
  signInWithPassword: async (desk) => {
    const { email, password } = await desk.newcomer()
    return () => desk.client().signInWithPassword({ email, password })
  },
  signInWithOAuth: now(async (desk) => {
    const client = desk.client('pkce')
    return client.exchangeCodeForSession(await desk.consent(client))
  }),
  exchangeCodeForSession: async (desk) => {
    const { email } = await desk.newcomer()
    const client = desk.client('pkce')
    await client.signInWithOtp({ email })
    const code = (await desk.mail.open(email)).searchParams.get('code') ?? ''
    return () => client.exchangeCodeForSession(code)
  },
  signInWithWeb3: now((desk) =>
    desk.client().signInWithWeb3({
      chain: 'solana',
      message: 'desk.test wants you to sign in',
      signature: new Uint8Array(64),
    }),
  ),
  signInWithIdToken: now((desk) =>
    desk.client().signInWithIdToken({ provider: 'google', token: 'token' }),
  ),
  signInWithSSO: now((desk) => desk.client().signInWithSSO({ domain: 'desk.test' })),
  signInWithOtp: async (desk) => {
    const { email } = await desk.newcomer()
    return () => desk.client().signInWithOtp({ email })
  },
  verifyOtp: async (desk) => {
    const { email } = await desk.newcomer()
    const client = desk.client()
    await client.signInWithOtp({ email })
    const { code } = await desk.mail.last(email)
    return () => client.verifyOtp({ email, token: code, type: 'email' })
  },
  resend: async (desk) => {
    const client = desk.client()
    const email = 'again@desk.test'
    await client.signUp({ email, password: 'a password of the tests' })
    return () => client.resend({ type: 'signup', email })
  },
  resetPasswordForEmail: async (desk) => {
    const { email } = await desk.newcomer()
    return () => desk.client().resetPasswordForEmail(email)
  },
  signInWithPasskey: now((desk) => desk.client().signInWithPasskey()),
  registerPasskey: signedIn(({ client }) => client.registerPasskey()),
}

const sessions: Record<string, Case<AuthDesk>> = {
  initialize: now((desk) => desk.client().initialize()),
  isThrowOnErrorEnabled: now((desk) => desk.client().isThrowOnErrorEnabled()),
  getSession: signedIn(({ client }) => client.getSession()),
  setSession: async (desk) => {
    const { session } = await desk.signedIn()
    return () => desk.client().setSession(session)
  },
  refreshSession: signedIn(({ client }) => client.refreshSession()),
  startAutoRefresh: signedIn(({ client }) => client.startAutoRefresh()),
  stopAutoRefresh: signedIn(({ client }) => client.stopAutoRefresh()),
  dispose: signedIn(({ client }) => client.dispose()),
  onAuthStateChange: async (desk) => {
    const { client } = await desk.signedIn()
    return () => desk.heard(client, 'INITIAL_SESSION')
  },
  getClaims: signedIn(({ client }) => client.getClaims()),
  signOut: signedIn(({ client }) => client.signOut()),
}

const account: Record<string, Case<AuthDesk>> = {
  getUser: signedIn(({ client }) => client.getUser()),
  updateUser: signedIn(({ client }) => client.updateUser({ data: { desk: 7 } })),
  reauthenticate: signedIn(({ client }) => client.reauthenticate()),
  getUserIdentities: signedIn(({ client }) => client.getUserIdentities()),
  linkIdentity: signedIn(({ client }) => client.linkIdentity({ provider: 'github' })),
  unlinkIdentity: async (desk) => {
    const client = desk.client('pkce')
    await client.exchangeCodeForSession(await desk.consent(client))
    const { data } = await client.getUserIdentities()
    return () => client.unlinkIdentity(data!.identities[0]!)
  },
}

const oauth: Record<string, Case<AuthDesk>> = {
  'oauth.getAuthorizationDetails': signedIn(({ client }) =>
    client.oauth.getAuthorizationDetails('an-id'),
  ),
  'oauth.approveAuthorization': signedIn(({ client }) =>
    client.oauth.approveAuthorization('an-id', { skipBrowserRedirect: true }),
  ),
  'oauth.denyAuthorization': signedIn(({ client }) =>
    client.oauth.denyAuthorization('an-id', { skipBrowserRedirect: true }),
  ),
  'oauth.listGrants': signedIn(({ client }) => client.oauth.listGrants()),
  'oauth.revokeGrant': signedIn(({ client }) => client.oauth.revokeGrant({ clientId: 'an-id' })),
}

const credential = { challengeId: 'an-id', credential: {} as never }
const passkeys: Record<string, Case<AuthDesk>> = {
  'passkey.startRegistration': signedIn(({ client }) => client.passkey.startRegistration()),
  'passkey.verifyRegistration': signedIn(({ client }) =>
    client.passkey.verifyRegistration(credential),
  ),
  'passkey.startAuthentication': now((desk) => desk.client().passkey.startAuthentication()),
  'passkey.verifyAuthentication': now((desk) =>
    desk.client().passkey.verifyAuthentication(credential),
  ),
  'passkey.list': signedIn(({ client }) => client.passkey.list()),
  'passkey.update': signedIn(({ client }) =>
    client.passkey.update({ passkeyId: 'an-id', friendlyName: 'desk' }),
  ),
  'passkey.delete': signedIn(({ client }) => client.passkey.delete({ passkeyId: 'an-id' })),
}

export const authCases = { ...signIns, ...sessions, ...account, ...oauth, ...passkeys }
