import { createApp } from '../../src/main/app.ts'
import type { App } from '../../src/main/app.ts'
import { systemClock } from '../../src/main/lib/clock.ts'
import { createLog } from '../../src/main/lib/log.ts'
import { openSocket } from '../../src/main/lib/sockets.ts'
import type { SocketFactory } from '../../src/main/ports.ts'
import type { Profile } from '../../src/shared/profile.ts'
import { MemoryKeychain } from './memory-keychain.ts'
import { MemoryFiles, MemoryIpcPort, MemoryNetwork, MemoryPower } from './memory-ports.ts'

/** The console on real sockets and real time; what else belongs to a computer is in memory. */
export class ConsoleOnSockets {
  readonly clock = systemClock()
  readonly ipc = new MemoryIpcPort()
  readonly keychain = new MemoryKeychain()
  readonly files = new MemoryFiles()
  readonly network = new MemoryNetwork()
  readonly power = new MemoryPower()
  readonly app: App

  constructor(profiles: readonly Profile[], sockets: SocketFactory = openSocket) {
    const { clock, ipc, keychain, files, network, power } = this
    let ids = 0
    this.app = createApp({
      ports: {
        clock,
        random: Math.random,
        keychain,
        files,
        fetch: globalThis.fetch,
        sockets,
        network,
        power,
        ipc,
      },
      about: { version: '0.0.0', standIn: false, platform: 'test' },
      fixedProfiles: profiles,
      log: createLog('test', clock, () => undefined),
      newId: () => `id-${(ids += 1)}`,
    })
  }

  /** Answers the workspace id. */
  async signIn(
    { email, password }: { readonly email: string; readonly password: string },
    profileId = 'line',
  ): Promise<string> {
    const answer = await this.ipc.call('session:sign-in', { profileId, email, password })
    if (!answer.ok) throw new Error(`signing in failed: ${answer.failure.code}`)
    return answer.value.workspaceId
  }
}
