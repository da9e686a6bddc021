import { succeeded } from '../../../shared/failure.ts'
import type { Handlers } from '../serve.ts'
import { done, noWorkspace } from './rooms.ts'
import type { Rooms } from './rooms.ts'

type Channels = 'jobs:open' | 'jobs:acknowledge' | 'jobs:read-timeline'

export function jobsHandlers({ workspaces }: Rooms): Pick<Handlers, Channels> {
  return {
    'jobs:open': ({ workspaceId }, { windowId }) => {
      const workspace = workspaces.find(workspaceId)
      return workspace === null ? noWorkspace : succeeded(workspace.openJobs(windowId))
    },
    'jobs:acknowledge': ({ workspaceId, batch }, { windowId }) => {
      const workspace = workspaces.find(workspaceId)
      if (workspace === null) return noWorkspace
      workspace.acknowledge(windowId, batch)
      return done
    },
    'jobs:read-timeline': async ({ workspaceId, jobId }) => {
      const workspace = workspaces.find(workspaceId)
      if (workspace === null) return noWorkspace
      const outcome = await workspace.readTimeline(jobId)
      return outcome.ok ? succeeded({ entries: outcome.value }) : outcome
    },
  }
}
