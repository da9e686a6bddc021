import { createApp } from '../../src/main/app.ts'
import type { App, AppPorts } from '../../src/main/app.ts'
import { createLog } from '../../src/main/lib/log.ts'
import { profileSchema } from '../../src/shared/profile.ts'
import type { Profile, ProfileInput } from '../../src/shared/profile.ts'
import type { Receipt } from '../../src/shared/workspace.ts'
import { expectNothingOpen } from './expect-nothing-open.ts'
import { FakeClock } from './fake-clock.ts'
import { FakeSockets } from './fake-socket.ts'
import { MemoryKeychain } from './memory-keychain.ts'
import {
  MemoryFiles,
  MemoryIpcPort,
  MemoryNetwork,
  MemoryPower,
  memoryLog,
} from './memory-ports.ts'
import { MemoryServers } from './memory-ports-servers.ts'

export const line = (changes: Partial<ProfileInput> = {}): Profile =>
  profileSchema.parse({
    id: 'line',
    name: 'Line',
    supabaseUrl: 'http://127.0.0.1:1',
    publishableKey: 'sb_publishable_fake',
    gatewayUrl: 'http://127.0.0.1:2',
    demoUsers: [{ email: 'ada@example.com', password: 'lovelace', label: 'Ada' }],
    ...changes,
  })

/** The whole console on memory ports: the test is the window, the servers, the keychain and time. */
export class MemoryConsole {
  readonly clock: FakeClock
  readonly servers: MemoryServers
  readonly sockets = new FakeSockets()
  readonly keychain: MemoryKeychain
  readonly files: MemoryFiles
  readonly ipc = new MemoryIpcPort()
  readonly power = new MemoryPower()
  readonly network = new MemoryNetwork()
  readonly log = memoryLog()
  readonly app: App
  readonly profiles: readonly Profile[]
  #ids = 0

  constructor(
    profiles: readonly Profile[] = [line()],
    /** What outlives a restart: the rest of the world. */
    kept: Partial<Pick<MemoryConsole, 'clock' | 'servers' | 'keychain' | 'files'>> = {},
    /** Other ports than the memory's own. */
    other: Partial<Pick<AppPorts, 'files' | 'fetch'>> = {},
  ) {
    this.profiles = profiles
    this.clock = kept.clock ?? new FakeClock()
    this.servers = kept.servers ?? new MemoryServers(this.clock)
    this.keychain = kept.keychain ?? new MemoryKeychain()
    this.files = kept.files ?? new MemoryFiles()
    this.app = createApp({
      ports: {
        clock: this.clock,
        random: () => 0.5,
        keychain: this.keychain,
        files: this.files,
        fetch: this.servers.fetch,
        sockets: this.sockets.open,
        network: this.network,
        power: this.power,
        ipc: this.ipc,
        ...other,
      },
      about: { version: '0.0.0', standIn: true, platform: 'test' },
      fixedProfiles: profiles,
      log: createLog('test', this.clock, this.log.sink),
      newId: () => `id-${(this.#ids += 1)}`,
    })
  }

  async start(): Promise<void> {
    await this.app.start()
    await this.settle()
  }

  /** Lets everything happen that needs no time; some promise chains are long. */
  async settle(turns = 10): Promise<void> {
    for (let turn = 0; turn < turns; turn += 1) {
      await this.clock.advance(0)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** Moves time from timer to timer, so that it never runs ahead of what a timer set going. */
  async advance(byMs: number): Promise<void> {
    const end = this.clock.monotonic() + byMs
    for (;;) {
      const leftMs = end - this.clock.monotonic()
      const [next = Number.POSITIVE_INFINITY] = this.clock.delays
      await this.clock.advance(Math.min(next, leftMs))
      await this.settle(4)
      if (next > leftMs) return
    }
  }

  /** Answers the workspace id. */
  async signIn(email = 'ada@example.com', password = 'lovelace', profileId = 'line') {
    const answer = await this.ipc.call('session:sign-in', { profileId, email, password })
    if (!answer.ok) throw new Error(`sign-in failed: ${answer.failure.code}`)
    await this.settle()
    return answer.value.workspaceId
  }

  /** Signs out and moves time until the receipt is there; fails when a second was not enough. */
  async signOut(workspaceId: string): Promise<Receipt> {
    const got: Receipt[] = []
    void this.ipc.call('session:sign-out', { workspaceId }).then((answer) => {
      if (answer.ok) got.push(answer.value)
    })
    await this.settle()
    for (let ms = 0; got.length === 0 && ms < 1_000; ms += 20) {
      await this.clock.advance(20)
      await this.settle()
    }
    const [receipt] = got
    if (receipt === undefined) throw new Error('no receipt within a second')
    return receipt
  }

  /** Nothing of any session is left (I1). */
  expectNoSession(): void {
    expectNothingOpen({
      sockets: this.sockets.live,
      timers: this.clock.armed,
      requests: this.servers.pending,
      keychain: this.keychain.entries,
      cached: this.files.bytes,
    })
  }
}
