import { Connection } from '../../src/main/sources/connection.ts'
import type { ConnectionOptions } from '../../src/main/sources/connection-options.ts'
import type { ConnectionState } from '../../src/main/sources/connection-state.ts'
import { DialGate } from '../../src/main/sources/dial-gate.ts'
import { TokenForm } from '../../src/main/sources/token-form.ts'
import type { Form } from '../../src/main/sources/token-form.ts'
import type { Verdict } from '../../src/main/sources/close-codes.ts'
import { Scope } from '../../src/main/lib/scope.ts'
import type { SocketEnding, SocketFactory } from '../../src/main/ports.ts'
import { FakeClock } from './fake-clock.ts'
import { FakeSockets } from './fake-socket.ts'
import { FakeTokens } from './fake-tokens.ts'

export interface BenchOptions {
  readonly transport?: 'auto' | Form
  readonly judge?: (ending: SocketEnding) => Verdict
  readonly random?: () => number
  readonly gate?: DialGate
  readonly sockets?: SocketFactory
  readonly url?: string
  readonly clock?: FakeClock
  /** What only some connections are given. */
  readonly more?: Partial<
    Pick<ConnectionOptions, 'maxFrameBytes' | 'dialWithinMs' | 'ping' | 'onOpened'>
  >
  /** After every change, and everything heard. */
  readonly onEvent?: () => void
}

/** One connection with everything around it in the test's hand. */
export class ConnectionBench {
  readonly scope = new Scope('test')
  readonly clock: FakeClock
  readonly sockets = new FakeSockets()
  readonly tokens = new FakeTokens()
  readonly states: ConnectionState[] = []
  readonly connection: Connection
  messages = 0
  heard = 0
  isOver = false

  constructor(options: BenchOptions = {}) {
    this.clock = options.clock ?? new FakeClock()
    this.connection = new Connection({
      scope: this.scope,
      clock: this.clock,
      random: options.random ?? (() => 0.5),
      sockets: options.sockets ?? this.sockets.open,
      tokens: this.tokens,
      form: new TokenForm(options.transport ?? 'auto'),
      gate: options.gate ?? new DialGate(),
      url: options.url ?? 'ws://127.0.0.1:1/ws/progress/job-1',
      onMessage: (text) => {
        this.messages += 1
        return text === 'valid'
      },
      onHeard: () => {
        this.heard += 1
        options.onEvent?.()
      },
      ...(options.judge !== undefined && { judge: options.judge }),
      ...options.more,
      isOver: () => this.isOver,
      onChanged: (state) => {
        this.states.push(state)
        options.onEvent?.()
      },
    })
  }

  get kinds(): string[] {
    return this.states.map(({ kind }) => kind)
  }

  /** Ends it all; answers what is left of it. */
  async close(): Promise<{ sockets: number; timers: number; owned: number }> {
    await this.scope.close('test over')
    return { sockets: this.sockets.live, timers: this.clock.armed, owned: this.scope.size }
  }

  /** Dials and lets the server take it. */
  async open(): Promise<void> {
    this.connection.start()
    await this.clock.advance(0)
    this.sockets.last.accept()
  }
}
