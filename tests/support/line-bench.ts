import { Scope } from '../../src/main/lib/scope.ts'
import { Secret } from '../../src/main/lib/secret.ts'
import type { ConnectionState } from '../../src/main/sources/connection-state.ts'
import { DialGate } from '../../src/main/sources/dial-gate.ts'
import { Line } from '../../src/main/sources/line.ts'
import type { LineOptions } from '../../src/main/sources/line.ts'
import { TokenForm } from '../../src/main/sources/token-form.ts'
import { FakeClock, settle } from './fake-clock.ts'
import { FakeSockets } from './fake-socket.ts'
import type { FakeSocket } from './fake-socket.ts'
import { FakeTokens } from './fake-tokens.ts'

/** One line with everything around it in the test's hand. "valid" and "last" are understood. */
export class LineBench {
  readonly scope = new Scope('test')
  readonly clock = new FakeClock()
  readonly sockets = new FakeSockets()
  readonly tokens: FakeTokens
  readonly states: ConnectionState[] = []
  readonly messages: (string | null)[] = []
  readonly line: Line
  isOver = false

  constructor(
    options: Partial<Pick<LineOptions, 'renewOpen' | 'gate'>> = {},
    tokens = new FakeTokens(),
  ) {
    this.tokens = tokens
    this.line = new Line({
      scope: this.scope,
      clock: this.clock,
      random: () => 0.5,
      sockets: this.sockets.open,
      tokens: this.tokens,
      form: new TokenForm('header'),
      gate: new DialGate(),
      url: 'ws://127.0.0.1:1/ws',
      onMessage: (text) => {
        this.messages.push(text)
        if (text === 'last') this.line.finish()
        return text === 'valid' || text === 'last'
      },
      onHeard: () => undefined,
      isOver: () => this.isOver,
      onChanged: (state) => {
        this.states.push(state)
      },
      ...options,
    })
  }

  get kinds(): string[] {
    return this.states.map(({ kind }) => kind)
  }

  /** The n-th socket ever dialled. */
  socket(at: number): FakeSocket {
    const socket = this.sockets.all[at]
    if (socket === undefined) throw new Error(`no dial ${at}`)
    return socket
  }

  /** Dials and lets the server take it. */
  async open(): Promise<void> {
    this.line.start()
    await settle()
    this.sockets.last.accept()
    await settle()
  }

  /** As the session does before the token expires. */
  async renew(): Promise<void> {
    await this.tokens.renew(new Secret(this.tokens.token))
    await settle()
  }
}
