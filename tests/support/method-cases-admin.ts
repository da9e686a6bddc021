import type { Case } from './method-cases-auth.ts'
import type { AuthDesk } from './method-desk.ts'

type Admin = ReturnType<AuthDesk['admin']>

const now =
  (call: (admin: Admin) => unknown): Case<AuthDesk> =>
  (desk) =>
    Promise.resolve(() => call(desk.admin()))

const about =
  (call: (admin: Admin, id: string) => unknown): Case<AuthDesk> =>
  async (desk) => {
    const { id } = await desk.newcomer()
    return () => call(desk.admin(), id)
  }

const users: Record<string, Case<AuthDesk>> = {
  'admin.createUser': now((admin) => admin.createUser({ email: 'made@desk.test' })),
  'admin.listUsers': now((admin) => admin.listUsers()),
  'admin.getUserById': about((admin, id) => admin.getUserById(id)),
  'admin.updateUserById': about((admin, id) => admin.updateUserById(id, { role: 'authenticated' })),
  'admin.deleteUser': about((admin, id) => admin.deleteUser(id)),
  'admin.inviteUserByEmail': now((admin) => admin.inviteUserByEmail('invited@desk.test')),
  'admin.generateLink': async (desk) => {
    const { email } = await desk.newcomer()
    return () => desk.admin().generateLink({ type: 'magiclink', email })
  },
  'admin.signOut': async (desk) => {
    const { session } = await desk.signedIn()
    return () => desk.admin().signOut(session.access_token, 'global')
  },
  'admin.mfa.listFactors': about((admin, userId) => admin.mfa.listFactors({ userId })),
  'admin.mfa.deleteFactor': async (desk) => {
    const { id: userId, factorId: id } = await desk.withFactor()
    return () => desk.admin().mfa.deleteFactor({ userId, id })
  },
  'admin.passkey.listPasskeys': about((admin, userId) => admin.passkey.listPasskeys({ userId })),
  'admin.passkey.deletePasskey': about((admin, userId) =>
    admin.passkey.deletePasskey({ userId, passkeyId: userId }),
  ),
}

const id = '00000000-0000-4000-8000-000000000000'
const client = { client_name: 'desk', redirect_uris: ['https://desk.test/back'] }

const oauth: Record<string, Case<AuthDesk>> = {
  'admin.oauth.listClients': now(({ oauth }) => oauth.listClients()),
  'admin.oauth.createClient': now(({ oauth }) => oauth.createClient(client)),
  'admin.oauth.getClient': now(({ oauth }) => oauth.getClient(id)),
  'admin.oauth.updateClient': now(({ oauth }) => oauth.updateClient(id, client)),
  'admin.oauth.deleteClient': now(({ oauth }) => oauth.deleteClient(id)),
  'admin.oauth.regenerateClientSecret': now(({ oauth }) => oauth.regenerateClientSecret(id)),
}

const name = 'custom:desk'
const provider = {
  provider_type: 'oidc' as const,
  identifier: name,
  name: 'desk',
  client_id: 'desk',
  client_secret: 'of the tests',
}

const providers: Record<string, Case<AuthDesk>> = {
  'admin.customProviders.listProviders': now((admin) => admin.customProviders.listProviders()),
  'admin.customProviders.createProvider': now((admin) =>
    admin.customProviders.createProvider(provider),
  ),
  'admin.customProviders.getProvider': now((admin) => admin.customProviders.getProvider(name)),
  'admin.customProviders.updateProvider': now((admin) =>
    admin.customProviders.updateProvider(name, { name: 'desk' }),
  ),
  'admin.customProviders.deleteProvider': now((admin) =>
    admin.customProviders.deleteProvider(name),
  ),
}

export const adminCases = { ...users, ...oauth, ...providers }
