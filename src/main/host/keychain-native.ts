import { createRequire } from 'node:module'
import type * as Keytar from 'keytar'

/**
 * The three calls of keytar that are used. Never `findCredentials`: on a locked collection it ends
 * the process (SIGSEGV; electron.md §0).
 */
export type NativeKeychain = Pick<typeof Keytar, 'getPassword' | 'setPassword' | 'deletePassword'>

/**
 * Null where the native module or its system library (libsecret on Linux) is missing. It is loaded
 * here and not by an import, because an import that fails would end the app before it could say so.
 */
export function loadNativeKeychain(): NativeKeychain | null {
  try {
    const load = createRequire(import.meta.url)
    return load('keytar') as NativeKeychain
  } catch {
    return null
  }
}
