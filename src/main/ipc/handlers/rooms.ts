import { failed, succeeded } from '../../../shared/failure.ts'
import type { AppView } from '../../../shared/ipc/contract.ts'
import type { ProfileBook } from '../../profiles/profile-book.ts'
import type { Workspaces } from '../../workspaces/workspaces.ts'

/** The rooms that calls are handed to. */
export interface Rooms {
  readonly about: AppView
  readonly profiles: ProfileBook
  readonly workspaces: Workspaces
}

export const done = succeeded(undefined)
export const noWorkspace = failed('workspace_unknown', 'no such workspace')
export const noProfile = failed('profile_unknown', 'no such profile')
