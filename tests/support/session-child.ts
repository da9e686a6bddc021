// Run as a process of its own: a session of the app with a keychain made of files, which its parent
// drives and may kill at any moment. It says what it does as it does it.
//   session-child.ts FOLDER URL
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Secret } from '../../src/main/lib/secret.ts'
import type { Keychain } from '../../src/main/ports.ts'
import { password, TestComputer } from './session-parts.ts'

export type SessionOrder = 'sign in' | 'restore' | 'refresh' | 'quit'

export interface SessionNews {
  /** `saving` comes before a write to the keychain begins. */
  readonly kind: 'ready' | 'saving' | 'saved' | 'done'
  readonly view: string
}

const [folder = '', url = ''] = process.argv.slice(2)
const pathOf = (account: string): string => join(folder, account)
/** Once it was told to refresh, nothing is saved any more: the process is to die before. */
let saves = true

const keychain: Keychain = {
  keeping: 'keychain',
  read: async (account) => {
    try {
      return { kind: 'present', value: new Secret(readFileSync(pathOf(account), 'utf8')) }
    } catch {
      return { kind: 'absent' }
    }
  },
  write: async (account, value) => {
    tell('saving')
    if (!saves) return new Promise(() => undefined)
    writeFileSync(pathOf(account), value.reveal())
    tell('saved')
    return 'done'
  },
  erase: async (account) => {
    rmSync(pathOf(account), { force: true })
    return 'done'
  },
}

const computer = new TestComputer()
const { session, scope } = computer.open({ url, keychain })

function tell(kind: SessionNews['kind']): void {
  process.send?.({ kind, view: session.view.kind } satisfies SessionNews)
}

const acts: Record<SessionOrder, () => Promise<unknown>> = {
  'sign in': () => session.signIn('ada@example.com', password),
  restore: () => session.restore(),
  refresh: () => {
    saves = false
    computer.clock.jump(3_600_000)
    return session.current()
  },
  quit: async () => {
    await scope.close('quit')
    process.disconnect()
  },
}

process.on('message', (order: SessionOrder) => void acts[order]().then(() => tell('done')))
process.on('disconnect', () => process.exit())
tell('ready')
