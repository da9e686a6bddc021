import { succeeded } from '../../../shared/failure.ts'
import type { Handlers } from '../serve.ts'
import { noProfile } from './rooms.ts'
import type { Rooms } from './rooms.ts'

type Channels = 'profiles:list' | 'profiles:save' | 'profiles:remove'

export function profilesHandlers({ profiles, workspaces }: Rooms): Pick<Handlers, Channels> {
  return {
    'profiles:list': () => succeeded([...profiles.views]),
    'profiles:save': ({ profile }) => profiles.save(profile),
    'profiles:remove': async ({ profileId }) => {
      if (profiles.find(profileId) === null) return noProfile
      const removed = await profiles.remove(profileId)
      // The session of a profile that is gone could never be reached again.
      if (removed.ok) await workspaces.signOutOfProfile(profileId)
      return removed
    },
  }
}
