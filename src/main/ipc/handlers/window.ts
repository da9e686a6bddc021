import type { Handlers } from '../serve.ts'
import { done } from './rooms.ts'
import type { Rooms } from './rooms.ts'

export function windowHandlers({ workspaces }: Rooms): Pick<Handlers, 'window:show-state'> {
  return {
    'window:show-state': ({ visible }, { windowId }) => {
      workspaces.showWindow(windowId, visible)
      return done
    },
  }
}
