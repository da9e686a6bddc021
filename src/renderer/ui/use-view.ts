import { useSyncExternalStore } from 'react'
import type { Off } from './listeners.ts'

/** A store as components see it: an immutable view, and a way to hear that it changed. */
export interface ViewStore<T> {
  readonly view: () => T
  readonly subscribe: (listener: () => void) => Off
}

export const useView = <T>(store: ViewStore<T>): T =>
  useSyncExternalStore(store.subscribe, store.view)
