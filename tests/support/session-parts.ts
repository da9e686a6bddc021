import { createLog } from '../../src/main/lib/log.ts'
import { Scope } from '../../src/main/lib/scope.ts'
import { Secret } from '../../src/main/lib/secret.ts'
import { createOperatorSession } from '../../src/main/session/create-operator-session.ts'
import type { OperatorSession } from '../../src/main/session/operator-session.ts'
import type { Clock, HttpFetch, Keychain } from '../../src/main/ports.ts'
import { profileSchema } from '../../src/shared/profile.ts'
import { fakeKey } from './fake-auth-server.ts'
import { FakeClock } from './fake-clock.ts'
import { MemoryKeychain } from './memory-keychain.ts'
import { memoryLog, MemoryFiles } from './memory-ports.ts'

export interface OpenSession {
  readonly session: OperatorSession
  readonly scope: Scope
  readonly logLines: readonly string[]
}

/** One computer: what outlives a start of the app. */
export class TestComputer {
  readonly clock = new FakeClock()
  readonly keychain = new MemoryKeychain()
  readonly files = new MemoryFiles()
  readonly logLines: string[] = []

  /** Opens a session as a workspace does; a second call is the next start of the app. */
  open(options: {
    readonly url: string
    readonly profileId?: string
    readonly publishableKey?: string
    readonly tenantClaim?: string
    readonly keychain?: Keychain
    readonly clock?: Clock
    readonly fetch?: HttpFetch
  }): OpenSession {
    const { lines, sink } = memoryLog()
    const clock = options.clock ?? this.clock
    const scope = new Scope('workspace')
    const session = createOperatorSession({
      scope,
      clock,
      random: () => 0.5,
      keychain: options.keychain ?? this.keychain,
      files: this.files,
      fetch: options.fetch ?? globalThis.fetch,
      profile: profileSchema.parse({
        id: options.profileId ?? 'test',
        name: 'Test',
        supabaseUrl: options.url,
        publishableKey: options.publishableKey ?? fakeKey,
        gatewayUrl: options.url,
        tenantClaim: options.tenantClaim,
      }),
      workspaceId: 'workspace-1',
      log: createLog('test', clock, (line) => {
        this.logLines.push(line)
        sink(line)
      }),
    })
    return { session, scope, logLines: lines }
  }
}

export const password = new Secret('lovelace')

/** Resolves when `wanted` holds, looking again at every change of the session. */
export function until(session: OperatorSession, wanted: () => boolean): Promise<void> {
  if (wanted()) return Promise.resolve()
  return new Promise((resolve) => {
    const off = session.onChanged(() => {
      if (!wanted()) return
      off()
      resolve()
    })
  })
}
