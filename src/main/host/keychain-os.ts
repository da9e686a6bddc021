// Speaks with the OS keychain through keytar and turns its ambiguous answers into plain ones. It
// knows no session: accounts and values are its callers'.
import type { Keychain, KeychainRead, KeychainWrite } from '../ports.ts'
import { Secret } from '../lib/secret.ts'
import type { KeychainLedger } from './keychain-ledger.ts'
import type { KeychainLine, LineAnswer } from './keychain-line.ts'
import type { NativeKeychain } from './keychain-native.ts'

export interface OsKeychainParts {
  readonly native: NativeKeychain
  readonly line: KeychainLine
  readonly ledger: KeychainLedger
  readonly service: string
  /** Put before every account, so that two user data folders share no entry. */
  readonly prefix: string
  /** True on Linux: there a locked keyring answers `null` and `false` as an empty one does. */
  readonly ambiguous: boolean
}

/** What cannot be stored in a locked collection; never holds anything, and is erased at once. */
const probeAccount = 'probe'

export class OsKeychain implements Keychain {
  readonly keeping = 'keychain'
  readonly #parts: OsKeychainParts

  constructor(parts: OsKeychainParts) {
    this.#parts = parts
  }

  read = async (account: string): Promise<KeychainRead> => {
    const { line, ledger } = this.#parts
    const answer = await line.run(() => this.#get(account))
    if (answer.kind !== 'answered') return { kind: reasonOf(answer) }
    if (answer.value !== null) return { kind: 'present', value: new Secret(answer.value) }
    if (!this.#parts.ambiguous || !(await ledger.has(account))) return { kind: 'absent' }
    const probe = await this.#probe()
    if (probe !== 'done') return { kind: probe }
    // Unlocked for certain, perhaps by the prompt that the probe brought up: now `null` is a proof.
    const again = await line.run(() => this.#get(account))
    if (again.kind !== 'answered') return { kind: reasonOf(again) }
    if (again.value !== null) return { kind: 'present', value: new Secret(again.value) }
    await ledger.remove(account)
    return { kind: 'absent' }
  }

  write = async (account: string, value: Secret): Promise<KeychainWrite> => {
    const { native, line, ledger, service } = this.#parts
    // Before the entry: a crash in between then errs on the side of "may be there".
    await ledger.add(account)
    const answer = await line.run(() =>
      native.setPassword(service, this.#nameOf(account), value.reveal()),
    )
    return answer.kind === 'answered' ? 'done' : reasonOf(answer)
  }

  erase = async (account: string): Promise<KeychainWrite> => {
    const { line, ledger, ambiguous } = this.#parts
    const answer = await line.runHoweverLate(() => this.#delete(account))
    if (answer.kind !== 'answered') return reasonOf(answer)
    if (!answer.value && ambiguous && (await ledger.has(account))) {
      const probe = await this.#probe()
      if (probe !== 'done') return probe
      const again = await line.runHoweverLate(() => this.#delete(account))
      if (again.kind !== 'answered') return reasonOf(again)
    }
    await ledger.remove(account)
    return 'done'
  }

  /** Tells locked from unlocked: a locked collection takes no new entry. */
  async #probe(): Promise<KeychainWrite> {
    const { native, line, service } = this.#parts
    const answer = await line.run(async () => {
      await native.setPassword(service, this.#nameOf(probeAccount), 'probe')
      await this.#delete(probeAccount)
    })
    return answer.kind === 'answered' ? 'done' : reasonOf(answer)
  }

  #get(account: string): Promise<string | null> {
    return this.#parts.native.getPassword(this.#parts.service, this.#nameOf(account))
  }

  #delete(account: string): Promise<boolean> {
    return this.#parts.native.deletePassword(this.#parts.service, this.#nameOf(account))
  }

  #nameOf(account: string): string {
    return `${this.#parts.prefix}.${account}`
  }
}

/** libsecret, macOS and Windows say in words that the keychain is locked, or that nobody may ask. */
const lockedWords = /locked|dismissed|cancell?ed|interaction is not allowed|passphrase/i

export function reasonOf(
  answer: Exclude<LineAnswer<unknown>, { kind: 'answered' }>,
): 'locked' | 'unavailable' | 'timeout' {
  if (answer.kind === 'timeout') return 'timeout'
  const words = answer.error instanceof Error ? answer.error.message : ''
  return lockedWords.test(words) ? 'locked' : 'unavailable'
}
