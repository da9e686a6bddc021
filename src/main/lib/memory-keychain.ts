import type { Keychain } from '../ports.ts'
import type { Secret } from './secret.ts'

/**
 * Where no OS keychain can be used: the session lives as long as the process, and the window says
 * so. Nothing is ever written in plain text instead.
 */
export function createMemoryKeychain(): Keychain {
  const entries = new Map<string, Secret>()
  return {
    keeping: 'memory',
    read(account) {
      const value = entries.get(account)
      return Promise.resolve(value === undefined ? { kind: 'absent' } : { kind: 'present', value })
    },
    write(account, value) {
      entries.set(account, value)
      return Promise.resolve('done')
    },
    erase(account) {
      entries.delete(account)
      return Promise.resolve('done')
    },
  }
}
