import type { Socket } from 'node:net'
import { expect } from 'vitest'
import { openSocket } from '../../src/main/lib/sockets.ts'
import type { SocketFactory } from '../../src/main/ports.ts'
import { ConnectionBench } from './connection-bench.ts'
import type { RawServer } from './raw-server.ts'
import { until } from './until.ts'

/** A real connection to a server that speaks raw bytes; only time is the test's. */
export class RawBench {
  readonly bench: ConnectionBench
  readonly #server: RawServer

  private constructor(server: RawServer, sockets: SocketFactory, url: string) {
    this.#server = server
    this.bench = new ConnectionBench({ sockets, url })
  }

  /** The attempt is under way when this returns. */
  static async dial(
    server: RawServer,
    { sockets = openSocket, url = server.socketUrl } = {},
  ): Promise<RawBench> {
    const raw = new RawBench(server, sockets, url)
    raw.bench.connection.start()
    await raw.bench.clock.advance(0)
    // Node hands a socket to its request a turn later, and gives up neither before.
    await new Promise((resolve) => setImmediate(resolve))
    return raw
  }

  reached(kind: string): Promise<void> {
    return until(`it is ${kind}`, () => this.bench.connection.state.kind === kind)
  }

  accepted(count: number): Promise<void> {
    return until(`${count} connections came`, () => this.#server.accepted === count)
  }

  /** Lets time go by until a ping is due, and waits until the server has it. */
  async pinged(): Promise<void> {
    const told = (): number => this.#server.received.at(-1)?.length ?? 0
    const before = told()
    await this.bench.clock.advance(8_000)
    await until('the ping is there', () => told() > before)
  }

  /** Expects that the attempt ends in a wait with this reason, and that nothing of it is left. */
  async expectRetry(reason: string): Promise<string> {
    const { connection, clock } = this.bench
    await this.reached('waiting')
    expect(connection.state).toMatchObject({ kind: 'waiting', tries: { reason } })
    expect(clock.armed).toBe(1)
    await until('the peer sees it gone', () => this.#server.connections.size === 0)
    return `waiting (${connection.reason ?? ''}) to dial again`
  }

  /** Lets it dial until it stops by itself; answers how many dials that took. */
  async dialUntilStopped(): Promise<number> {
    const { connection } = this.bench
    for (let dials = 1; dials < 20; dials += 1) {
      await until('it rests', () => ['waiting', 'stopped'].includes(connection.state.kind))
      if (connection.state.kind === 'stopped') return dials
      connection.wake()
      await this.accepted(dials + 1)
    }
    throw new Error('it never stopped')
  }

  /** Moves to the end of the 10 s that a dial may take, and not further than the last millisecond. */
  async expectDialDeadline(): Promise<string> {
    const { connection, clock } = this.bench
    await clock.advance(9_999)
    expect(connection.state.kind).toBe('dialling')
    await clock.advance(1)
    return `${await this.expectRetry('timed_out')} after 10,000 ms`
  }

  /** Nothing is left on either side. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.bench.scope.close('test over')
    expect(this.bench.clock.armed).toBe(0)
    for (const socket of this.#server.connections) socket.resume()
    await until('nothing is connected', () => this.#server.connections.size === 0)
    await this.#server.close()
  }
}

/** Writes a byte at a time for as long as the connection lasts, one a turn of the event loop. */
export function drip(socket: Socket, bytes: Buffer): void {
  let at = 0
  const next = (): void => {
    if (socket.destroyed) return
    socket.write(bytes.subarray(at, at + 1))
    at = (at + 1) % bytes.length
    setImmediate(next)
  }
  next()
}
