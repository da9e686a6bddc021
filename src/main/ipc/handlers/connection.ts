import type { Handlers } from '../serve.ts'
import { done, noWorkspace } from './rooms.ts'
import type { Rooms } from './rooms.ts'

export function connectionHandlers({ workspaces }: Rooms): Pick<Handlers, 'connection:retry'> {
  return {
    'connection:retry': ({ workspaceId }) => {
      const workspace = workspaces.find(workspaceId)
      if (workspace === null) return noWorkspace
      workspace.retry()
      return done
    },
  }
}
