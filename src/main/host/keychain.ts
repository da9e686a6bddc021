import { createHash } from 'node:crypto'
import type { Log } from '../lib/log.ts'
import { createMemoryKeychain } from '../lib/memory-keychain.ts'
import type { Clock, Files, Keychain } from '../ports.ts'
import { KeychainLedger } from './keychain-ledger.ts'
import { KeychainLine } from './keychain-line.ts'
import { loadNativeKeychain } from './keychain-native.ts'
import type { NativeKeychain } from './keychain-native.ts'
import { OsKeychain, reasonOf } from './keychain-os.ts'

/** What the entries are called in the OS keychain; `secret-tool search service Signalbox`. */
export const keychainService = 'Signalbox'

export interface KeychainParts {
  readonly files: Files
  readonly clock: Clock
  readonly log: Log
  /** The user data folder: another folder is another app, with entries of its own. */
  readonly folder: string
  /** Only tests give another. */
  readonly native?: NativeKeychain | null
  readonly platform?: NodeJS.Platform
}

/**
 * The OS keychain if there is one, otherwise memory. It asks once, by reading an entry that nobody
 * writes: that neither prompts nor leaves anything, fails at once without a keychain service, and
 * answers "nothing" from a locked one, which is a keychain all the same.
 */
export async function openKeychain(parts: KeychainParts): Promise<Keychain> {
  const { files, clock, log, folder, platform = process.platform } = parts
  const native = parts.native === undefined ? loadNativeKeychain() : parts.native
  if (native === null) return inMemory(log, 'the native module or its system library is missing')
  const line = new KeychainLine(clock)
  const prefix = createHash('sha256').update(folder).digest('hex').slice(0, 8)
  const answer = await line.run(() => native.getPassword(keychainService, `${prefix}.detection`))
  if (answer.kind === 'failed' && reasonOf(answer) === 'unavailable') {
    return inMemory(log, 'no keychain service answers')
  }
  return new OsKeychain({
    native,
    line,
    ledger: new KeychainLedger(files),
    service: keychainService,
    prefix,
    ambiguous: platform === 'linux',
  })
}

function inMemory(log: Log, why: string): Keychain {
  log.warn('the session will be kept in memory only', { why })
  return createMemoryKeychain()
}
