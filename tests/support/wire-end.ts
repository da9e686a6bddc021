// Run as a process of its own, in a network namespace of its own, by tests/support/wire.ts.
//   wire-end.ts server PORT             a WebSocket server that answers pings
//   wire-end.ts client ws://HOST:PORT   a connection of ours, whose clock the parent moves
import { WebSocketServer } from 'ws'
import { openSocket } from '../../src/main/lib/sockets.ts'
import { ConnectionBench } from './connection-bench.ts'

/** What the client is told: to dial, or to let time go by. */
export type Order = 'dial' | { readonly advanceMs: number }

/** What both ends tell: the server that it listens, the client how it stands after each change. */
export type Report =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'client'
      readonly state: string
      readonly reason: string | null
      readonly heard: number
      /** Orders carried out. */
      readonly done: number
    }

const tell = (report: Report): void => {
  process.send?.(report)
}

function serve(port: number): void {
  const server = new WebSocketServer({ port, host: '0.0.0.0' })
  server.on('connection', (socket) => socket.on('error', () => undefined))
  server.on('listening', () => tell({ kind: 'ready' }))
}

function dial(url: string): void {
  let done = 0
  const look = (): void => {
    const { state, reason } = bench.connection
    tell({ kind: 'client', state: state.kind, reason, heard: bench.heard, done })
  }
  const bench = new ConnectionBench({ sockets: openSocket, url, onEvent: look })
  const carry = async (order: Order): Promise<void> => {
    if (order === 'dial') bench.connection.start()
    else await bench.clock.advance(order.advanceMs)
    done += 1
    look()
  }
  process.on('message', (order: Order) => void carry(order))
  tell({ kind: 'ready' })
}

const [role, where = ''] = process.argv.slice(2)
if (role === 'server') serve(Number(where))
else dial(where)
process.on('disconnect', () => process.exit())
