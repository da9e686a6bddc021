import { createContext, useContext } from 'react'
import type { Client } from './ipc/client.ts'
import { SignInStore } from './session/store.ts'
import type { Frames } from './ui/frames.ts'
import { PreferenceStore } from './ui/preferences.ts'
import { WorkspacesStore } from './workspaces/store.ts'

/** The stores of one window, made once. */
export interface Stores {
  readonly signIn: SignInStore
  readonly workspaces: WorkspacesStore
  readonly preferences: PreferenceStore
}

export function createStores(client: Client, frames: Frames, storage: Storage): Stores {
  const workspaces = new WorkspacesStore(client, frames)
  const signIn = new SignInStore(client, (workspaceId) => workspaces.signedIn(workspaceId))
  return { signIn, workspaces, preferences: new PreferenceStore(storage) }
}

export const StoresContext = createContext<Stores | null>(null)

export function useStores(): Stores {
  const stores = useContext(StoresContext)
  if (stores === null) throw new Error('a component stands outside of the stores')
  return stores
}
