import type { Scope } from '../lib/scope.ts'
import type { Clock, Random, RawFrame, SocketEnding, SocketFactory } from '../ports.ts'
import type { Verdict } from './close-codes.ts'
import type { Connection } from './connection.ts'
import type { ConnectionState } from './connection-state.ts'
import type { DialGate } from './dial-gate.ts'
import type { TokenSupply } from './source.ts'
import type { TokenForm } from './token-form.ts'

export interface ConnectionOptions<Message = RawFrame> {
  /** Owned by whoever opens the connection; closing it ends everything here. */
  readonly scope: Scope
  readonly clock: Clock
  readonly random: Random
  readonly sockets: SocketFactory<Message>
  readonly tokens: TokenSupply
  readonly form: TokenForm
  readonly gate: DialGate
  /** ws(s) address without a token. */
  readonly url: string
  /** Longest message taken, in bytes; that of the port unless given. */
  readonly maxFrameBytes?: number
  /** What the end of a socket means; as all gateways have it unless given. */
  readonly judge?: (ending: SocketEnding) => Verdict
  /** Wall clock for token, name, TCP, TLS and upgrade together; 10 s unless given. */
  readonly dialWithinMs?: number
  /** A socket was opened: the first words on it belong here. `attempt` closes with the socket. */
  readonly onOpened?: (connection: Connection<Message>, attempt: Scope) => void
  /** Asks the peer for a sign of life; a WebSocket ping unless given. */
  readonly ping?: (connection: Connection<Message>) => void
  /** True when the message was understood. */
  readonly onMessage: (message: Message, connection: Connection<Message>) => boolean
  /** A message or a pong came: the peer is alive. */
  readonly onHeard: () => void
  /** Whether a normal close means that the work is over; if not, it is dialled again. */
  readonly isOver: () => boolean
  readonly onChanged: (state: ConnectionState, before: ConnectionState) => void
}
