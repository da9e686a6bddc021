import type { Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { openSocket } from '../../src/main/lib/sockets.ts'
import { ConnectionBench } from '../support/connection-bench.ts'
import { frame, opcode, RawServer } from '../support/raw-server.ts'
import { until } from '../support/until.ts'

let server: RawServer
let bench: ConnectionBench

/** Dials the server; the attempt is under way when this returns. */
async function dial(to: RawServer): Promise<void> {
  server = to
  bench = new ConnectionBench({ sockets: openSocket, url: to.socketUrl })
  bench.connection.start()
  await bench.clock.advance(0)
}
const reached = (kind: string): Promise<void> =>
  until(`it is ${kind}`, () => bench.connection.state.kind === kind)
const accepted = (count: number): Promise<void> =>
  until(`${count} connections came`, () => server.accepted === count)

/** Expects that the attempt ends in a wait with this reason, and that nothing of it is left. */
async function expectRetry(reason: string): Promise<void> {
  await reached('waiting')
  expect(bench.connection.state).toMatchObject({ kind: 'waiting', tries: { reason } })
  expect(bench.clock.armed).toBe(1)
  await until('the peer sees it gone', () => server.connections.size === 0)
}

/** Lets it dial until it stops by itself; answers how many dials that took. */
async function dialUntilStopped(): Promise<number> {
  for (let dials = 1; dials < 20; dials += 1) {
    await until('it rests', () => ['waiting', 'stopped'].includes(bench.connection.state.kind))
    if (bench.connection.state.kind === 'stopped') return dials
    bench.connection.wake()
    await accepted(dials + 1)
  }
  throw new Error('it never stopped')
}

afterEach(async () => {
  await bench.scope.close('test over')
  expect(bench.clock.armed).toBe(0)
  await until('nothing is connected', () => server.connections.size === 0)
  await server.close()
})

/** Writes a byte at a time for as long as the connection lasts, one a turn of the event loop. */
function drip(socket: Socket, bytes: Buffer): void {
  let at = 0
  const next = (): void => {
    if (socket.destroyed) return
    socket.write(bytes.subarray(at, at + 1))
    at = (at + 1) % bytes.length
    setImmediate(next)
  }
  next()
}

describe('faults of the network, as raw bytes', () => {
  it('F1 reset of an open socket: dials again', async () => {
    await dial(await RawServer.upgrading((socket) => socket.resetAndDestroy()))
    await expectRetry('unreachable')
  })

  it('F2 end without a close frame: dials again', async () => {
    await dial(await RawServer.upgrading((socket) => socket.end()))
    await expectRetry('unreachable')
  })

  it('F6 connection refused: dials again', async () => {
    const gone = await RawServer.listen(() => {})
    const { socketUrl } = gone
    await gone.close()
    server = await RawServer.listen(() => {})
    bench = new ConnectionBench({ sockets: openSocket, url: socketUrl })
    bench.connection.start()
    await reached('waiting')
    expect(bench.connection.reason).toBe('unreachable')
  })

  it('F17 accepts and never answers: given up after 10 s by the wall clock', async () => {
    await dial(await RawServer.listen(() => {}))
    await accepted(1)
    await bench.clock.advance(9_999)
    expect(bench.connection.state.kind).toBe('dialling')
    await bench.clock.advance(1)
    await expectRetry('timed_out')
  })

  it('F18 a handshake that drips: given up after 10 s although bytes keep coming', async () => {
    const head = Buffer.from('HTTP/1.1 101 Switching Protocols\r\nX-Slow: ')
    await dial(
      await RawServer.listen((socket) =>
        drip(socket, Buffer.concat([head, Buffer.alloc(5_000, 'a')])),
      ),
    )
    await accepted(1)
    await bench.clock.advance(9_999)
    expect(bench.connection.state.kind).toBe('dialling')
    await bench.clock.advance(1)
    await expectRetry('timed_out')
  })

  describe('F19 answers that are no handshake: dialled again, the fifth in a row stops it', () => {
    const answers: [string, () => Promise<RawServer>][] = [
      [
        'bytes that are not HTTP',
        () => RawServer.listen((socket) => socket.write('SSH-2.0-x\r\n')),
      ],
      [
        '200 KB of headers',
        () =>
          RawServer.listen((socket) => {
            socket.write(`HTTP/1.1 101 X\r\nX-Long: ${'a'.repeat(200_000)}\r\n\r\n`)
          }),
      ],
      [
        'a wrong accept key',
        () =>
          RawServer.listen((socket) => {
            socket.write(
              'HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: d3Jvbmc=\r\n\r\n',
            )
          }),
      ],
      [
        'an extension nobody asked for',
        () => RawServer.upgrading(() => {}, 'Sec-WebSocket-Extensions: x-unknown\r\n'),
      ],
      [
        'a subprotocol nobody asked for',
        () => RawServer.upgrading(() => {}, 'Sec-WebSocket-Protocol: chat\r\n'),
      ],
    ]
    it.each(answers)('%s', async (_name, listen) => {
      await dial(await listen())
      await expectRetry('protocol_error')
      expect(await dialUntilStopped()).toBe(5)
      expect(bench.connection.state).toMatchObject({ kind: 'stopped', reason: 'protocol_error' })
    })
  })

  it('F20 a frame that drips and never ends: found dead within 12 s', async () => {
    await dial(
      await RawServer.upgrading((socket) => {
        socket.write(Buffer.from([opcode.text, 126, 0xff, 0xff]))
        drip(socket, Buffer.from('a'))
      }),
    )
    await reached('open')
    await bench.clock.advance(11_999)
    expect(bench.connection.state.kind).toBe('open')
    await bench.clock.advance(1)
    await expectRetry('timed_out')
    expect(bench.heard).toBe(0)
  })

  it('F21 a frame larger than allowed: refused by its head, without taking the memory', async () => {
    const before = process.memoryUsage().arrayBuffers
    await dial(
      await RawServer.upgrading((socket) => {
        const head = Buffer.alloc(10)
        head[0] = opcode.text
        head[1] = 127
        head.writeBigUInt64BE(100n * 1024n * 1024n, 2)
        socket.write(head)
        socket.write(Buffer.alloc(512 * 1024, 'a'))
      }),
    )
    await expectRetry('protocol_error')
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5 * 1024 * 1024)
    expect(bench.messages).toBe(0)
  })

  it('F21 fragments that add up to more than allowed: refused', async () => {
    await dial(
      await RawServer.upgrading((socket) => {
        socket.write(frame(opcode.textBegins, Buffer.alloc(30_000, 'a')))
        for (let part = 0; part < 3; part += 1) {
          socket.write(frame(opcode.continues, Buffer.alloc(30_000, 'a')))
        }
      }),
    )
    await expectRetry('protocol_error')
    expect(bench.messages).toBe(0)
  })

  it('takes a frame of exactly 64 KiB', async () => {
    await dial(
      await RawServer.upgrading((socket) => {
        socket.write(frame(opcode.text, Buffer.alloc(64 * 1024, 'a')))
      }),
    )
    await until('it came', () => bench.messages === 1)
  })

  it('F22 20,000 empty fragments: refused at the 65th', async () => {
    await dial(
      await RawServer.upgrading((socket) => {
        const empty = frame(opcode.continues)
        socket.write(
          Buffer.concat([frame(opcode.textBegins), ...Array<Buffer>(20_000).fill(empty)]),
        )
      }),
    )
    await expectRetry('protocol_error')
  })

  it('F23 deflate: never offered, and a server that uses it is refused', async () => {
    await dial(
      await RawServer.upgrading(
        (socket) => socket.write(frame(0xc1, Buffer.from([0xf2, 0x48, 0x04, 0x00]))),
        'Sec-WebSocket-Extensions: permessage-deflate\r\n',
      ),
    )
    await expectRetry('protocol_error')
    expect(server.received[0]).not.toMatch(/sec-websocket-extensions/i)
    expect(bench.messages).toBe(0)
  })

  it('F24 text that is not UTF-8: dialled again, counted', async () => {
    await dial(
      await RawServer.upgrading((socket) =>
        socket.write(frame(opcode.text, Buffer.from([0xc3, 0x28]))),
      ),
    )
    await expectRetry('protocol_error')
    expect(await dialUntilStopped()).toBe(5)
  })

  describe('F25 broken frames: dialled again, the fifth in a row stops it', () => {
    const frames: [string, Buffer][] = [
      ['a reserved bit', frame(0xc1, 'x')],
      ['an unknown opcode', frame(0x83, 'x')],
      ['a masked frame', Buffer.from([0x81, 0x81, 1, 2, 3, 4, 0x79])],
      ['a control frame of 126 bytes', frame(opcode.ping, Buffer.alloc(126))],
      ['a continuation of nothing', frame(0x80, 'x')],
      ['a close with code 999', frame(opcode.close, Buffer.from([0x03, 0xe7]))],
    ]
    it.each(frames)('%s', async (_name, bytes) => {
      await dial(await RawServer.upgrading((socket) => socket.write(bytes)))
      await expectRetry('protocol_error')
      expect(await dialUntilStopped()).toBe(5)
    })
  })

  it('F26 a flood of 5,000 pings: closed without an error event, dialled again', async () => {
    await dial(
      await RawServer.upgrading((socket) => {
        socket.pause()
        socket.write(Buffer.concat(Array<Buffer>(5_000).fill(frame(opcode.ping, 'x'.repeat(100)))))
      }),
    )
    await reached('waiting')
    expect(bench.connection.state).toMatchObject({ kind: 'waiting' })
    for (const socket of server.connections) socket.resume()
  })

  it('F64 a binary frame: dropped, and the connection stays', async () => {
    await dial(
      await RawServer.upgrading((socket) => {
        socket.write(frame(opcode.binary, Buffer.from([1, 2, 3])))
        socket.write(frame(opcode.text, 'valid'))
      }),
    )
    await until('both came', () => bench.messages === 2)
    expect(bench.connection.state.kind).toBe('open')
  })

  it('F72 the scope closes while the peer accepts and never answers: nothing is left', async () => {
    await dial(await RawServer.listen(() => {}))
    await accepted(1)
    await bench.scope.close('signed out')
    expect(bench.clock.armed).toBe(0)
    await until('the peer sees it gone', () => server.connections.size === 0)
  })

  it('a server error told by a close frame: dials again', async () => {
    await dial(
      await RawServer.upgrading((socket) => {
        socket.write(frame(opcode.close, Buffer.from([0x03, 0xf3])))
      }),
    )
    await expectRetry('server_error')
  })
})
