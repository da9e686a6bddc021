import { failed, succeeded } from '../../../shared/failure.ts'
import { Secret } from '../../lib/secret.ts'
import type { Handlers } from '../serve.ts'
import { done, noProfile } from './rooms.ts'
import type { Rooms } from './rooms.ts'

type Channels =
  | 'workspaces:list'
  | 'session:sign-in'
  | 'session:sign-in-demo'
  | 'session:cancel'
  | 'session:sign-out'
  | 'session:unlock'

export function sessionHandlers({ profiles, workspaces }: Rooms): Pick<Handlers, Channels> {
  return {
    'workspaces:list': () => succeeded(workspaces.views),
    'session:sign-in': ({ profileId, email, password }) => {
      const profile = profiles.find(profileId)
      if (profile === null) return noProfile
      return workspaces.signIn(profile, email, new Secret(password))
    },
    'session:sign-in-demo': ({ profileId, email }) => {
      const profile = profiles.find(profileId)
      if (profile === null) return noProfile
      const user = profile.demoUsers.find((demo) => demo.email === email)
      if (user === undefined)
        return failed('argument_invalid', 'no such demo user', { field: 'email' })
      return workspaces.signIn(profile, user.email, new Secret(user.password))
    },
    'session:cancel': async ({ profileId }) => {
      if (profiles.find(profileId) === null) return noProfile
      await workspaces.cancelSignIn(profileId)
      return done
    },
    'session:sign-out': ({ workspaceId, everywhere }) =>
      workspaces.signOut(workspaceId, everywhere),
    'session:unlock': ({ workspaceId }) => workspaces.unlock(workspaceId),
  }
}
