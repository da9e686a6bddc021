import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { openSocket } from '../../src/main/lib/sockets.ts'
import type { Socket, SocketFactory } from '../../src/main/ports.ts'
import type { ProfileInput, SourceKind } from '../../src/shared/profile.ts'
import type { Receipt } from '../../src/shared/workspace.ts'
import { ConsoleOnSockets } from '../support/console-on-sockets.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { line } from '../support/memory-ports-console.ts'

export interface SignOutServer {
  readonly url: string
  readonly publishableKey: string
  readonly user: { readonly email: string; readonly password: string }
}

const jobTable: ProfileInput['jobTable'] = {
  table: 'jobs',
  columns: { seq: 'seq', kind: 'kind', step: 'step', finishedAt: 'finished_at' },
}

export interface SignedOut {
  readonly receipt: Receipt
  /** From the operator's word to the receipt, in milliseconds. */
  readonly tookMs: number
  /** Until no socket, no keychain entry and no file of state is left; null when some are. */
  readonly emptyMs: number | null
  /** The longest that this process could not run what was due, in milliseconds. */
  readonly heldUpMs: number
}

/** A console on real sockets and real time, and a proxy of its own between it and the servers. */
export class SignOutWorld extends ConsoleOnSockets {
  readonly proxy: FaultProxy
  workspaceId = ''
  readonly #sockets: Set<Socket>
  readonly #server: SignOutServer

  private constructor(proxy: FaultProxy, server: SignOutServer, sources: readonly SourceKind[]) {
    const { publishableKey } = server
    const { url } = proxy
    const open = new Set<Socket>()
    const origins = { supabaseUrl: url, gatewayUrl: url, publishableKey }
    super([line({ ...origins, jobTable, sources: [...sources] })], watching(open))
    this.proxy = proxy
    this.#server = server
    this.#sockets = open
  }

  static async open(server: SignOutServer, sources: readonly SourceKind[]): Promise<SignOutWorld> {
    const proxy = await FaultProxy.start(server.url)
    // Some states are faults in the middle of a connection.
    proxy.frames = true
    const world = new SignOutWorld(proxy, server, sources)
    await world.app.start()
    return world
  }

  async enter(): Promise<void> {
    this.workspaceId = await this.signIn(this.#server.user)
  }

  /** Live on every source, rows in the window, the last known state on disk. */
  async live(): Promise<void> {
    const { workspaceId, ipc } = this
    const isLive = (): boolean =>
      ipc.payloads('workspaces:changed').at(-1)?.[0]?.connection.kind === 'live'
    while (!isLive()) await ipc.next('workspaces:changed')
    ipc.on('jobs:batched', ({ batch }) => {
      void ipc.call('jobs:acknowledge', { workspaceId, batch })
    })
    await ipc.call('jobs:open', { workspaceId })
    // Written before the computer sleeps, so that nothing has to be waited for.
    this.power.suspend()
    while (this.files.bytes.size === 0) await pause(1)
  }

  async signOut(): Promise<SignedOut> {
    const { workspaceId, ipc } = this
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const beganMs = performance.now()
    let emptyMs: number | null = null
    const look = (): void => {
      const left = this.#sockets.size + this.keychain.entries.size + this.files.bytes.size
      if (left > 0) return
      emptyMs ??= performance.now() - beganMs
    }
    const looking = setInterval(look, 1)
    const answer = await ipc.call('session:sign-out', { workspaceId })
    const tookMs = performance.now() - beganMs
    clearInterval(looking)
    look()
    delay.disable()
    if (!answer.ok) throw new Error(`signing out failed: ${answer.failure.code}`)
    return { receipt: answer.value, tookMs, emptyMs, heldUpMs: delay.max / 1e6 }
  }

  async close(): Promise<void> {
    this.keychain.release()
    await this.app.close()
    await this.proxy.stop()
  }
}

/** Those of the console that are open. */
const watching =
  (open: Set<Socket>): SocketFactory =>
  ({ handlers, ...request }) => {
    const socket = openSocket({
      ...request,
      handlers: {
        ...handlers,
        close: (ending) => {
          open.delete(socket)
          handlers.close(ending)
        },
      },
    })
    open.add(socket)
    const terminate = socket.terminate.bind(socket)
    socket.terminate = () => {
      open.delete(socket)
      terminate()
    }
    return socket
  }
