import { describe, expect } from 'vitest'
import { fault } from '../support/fault.ts'
import { drip, RawBench } from '../support/raw-bench.ts'
import { frame, opcode, RawServer } from '../support/raw-server.ts'
import { until } from '../support/until.ts'

/** A protocol error: dialled again, and the fifth in a row stops it. */
async function expectFiveStrikes(listen: () => Promise<RawServer>, name: string): Promise<string> {
  await using raw = await RawBench.dial(await listen())
  await raw.expectRetry('protocol_error')
  const dials = await raw.dialUntilStopped()
  expect(dials).toBe(5)
  const { connection } = raw.bench
  expect(connection.state).toMatchObject({ kind: 'stopped', reason: 'protocol_error' })
  expect(raw.bench.messages).toBe(0)
  return `${name}: ${connection.state.kind} after ${dials} dials`
}

describe('answers that are no handshake', () => {
  const answers: Readonly<Record<string, () => Promise<RawServer>>> = {
    'bytes that are not HTTP': () => RawServer.listen((socket) => socket.write('SSH-2.0-x\r\n')),
    '200 KB of headers': () =>
      RawServer.listen((socket) => {
        socket.write(`HTTP/1.1 101 X\r\nX-Long: ${'a'.repeat(200_000)}\r\n\r\n`)
      }),
    'a wrong accept key': () =>
      RawServer.listen((socket) => {
        socket.write(
          'HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: d3Jvbmc=\r\n\r\n',
        )
      }),
    'an extension nobody asked for': () =>
      RawServer.upgrading(() => {}, 'Sec-WebSocket-Extensions: x-unknown\r\n'),
    'a subprotocol nobody asked for': () =>
      RawServer.upgrading(() => {}, 'Sec-WebSocket-Protocol: chat\r\n'),
  }
  for (const [name, listen] of Object.entries(answers)) {
    fault(19, name, () => expectFiveStrikes(listen, name))
  }
})

describe('frames that never end, or are too large', () => {
  fault(20, 'a frame that drips: found dead within 12 s, for bytes are no life', async () => {
    await using raw = await RawBench.dial(
      await RawServer.upgrading((socket) => {
        socket.write(Buffer.from([opcode.text, 126, 0xff, 0xff]))
        drip(socket, Buffer.from('a'))
      }),
    )
    const { clock, connection } = raw.bench
    await raw.reached('open')
    // What comes back is more of the frame.
    await raw.pinged()
    await clock.advance(3_999)
    expect(connection.state.kind).toBe('open')
    await clock.advance(1)
    expect(raw.bench.heard).toBe(0)
    return `${await raw.expectRetry('timed_out')} after 12,000 ms`
  })

  fault(21, 'a frame larger than allowed: refused by its head, without the memory', async () => {
    const before = process.memoryUsage().arrayBuffers
    await using raw = await RawBench.dial(
      await RawServer.upgrading((socket) => {
        const head = Buffer.alloc(10)
        head[0] = opcode.text
        head[1] = 127
        head.writeBigUInt64BE(100n * 1024n * 1024n, 2)
        socket.write(head)
        socket.write(Buffer.alloc(512 * 1024, 'a'))
      }),
    )
    const seen = await raw.expectRetry('protocol_error')
    const taken = process.memoryUsage().arrayBuffers - before
    expect(taken).toBeLessThan(5 * 1024 * 1024)
    expect(raw.bench.messages).toBe(0)
    return `100 MB announced, less than 5 MB taken: ${seen}`
  })

  fault(21, 'fragments that add up to more than allowed: refused', async () => {
    await using raw = await RawBench.dial(
      await RawServer.upgrading((socket) => {
        socket.write(frame(opcode.textBegins, Buffer.alloc(30_000, 'a')))
        for (let part = 0; part < 3; part += 1) {
          socket.write(frame(opcode.continues, Buffer.alloc(30_000, 'a')))
        }
      }),
    )
    await raw.expectRetry('protocol_error')
    expect(raw.bench.messages).toBe(0)
    return 'fragments of 120 KB: refused'
  })

  fault(21, 'a frame of exactly 64 KiB is taken', async () => {
    await using raw = await RawBench.dial(
      await RawServer.upgrading((socket) => {
        socket.write(frame(opcode.text, Buffer.alloc(64 * 1024, 'a')))
      }),
    )
    await until('it came', () => raw.bench.messages === 1)
    return '64 KiB: taken'
  })

  fault(22, '20,000 empty fragments: refused', async () => {
    await using raw = await RawBench.dial(
      await RawServer.upgrading((socket) => {
        const empty = frame(opcode.continues)
        socket.write(
          Buffer.concat([frame(opcode.textBegins), ...Array<Buffer>(20_000).fill(empty)]),
        )
      }),
    )
    return await raw.expectRetry('protocol_error')
  })

  fault(22, '64 fragments are a message, 65 are refused', async () => {
    const message = (fragments: number): Buffer =>
      Buffer.concat([
        frame(opcode.textBegins, 'a'),
        ...Array<Buffer>(fragments - 2).fill(frame(opcode.continues, 'a')),
        frame(0x80, 'a'),
      ])
    await using raw = await RawBench.dial(
      await RawServer.upgrading((socket) => {
        socket.write(message(64))
        socket.write(message(65))
      }),
    )
    await raw.expectRetry('protocol_error')
    expect(raw.bench.messages).toBe(1)
    return '64 taken, 65 refused'
  })

  fault(23, 'deflate is never offered, and a server that uses it is refused', async () => {
    const server = await RawServer.upgrading(
      (socket) => socket.write(frame(0xc1, Buffer.from([0xf2, 0x48, 0x04, 0x00]))),
      'Sec-WebSocket-Extensions: permessage-deflate\r\n',
    )
    await using raw = await RawBench.dial(server)
    const seen = await raw.expectRetry('protocol_error')
    expect(server.received[0]).toContain('Sec-WebSocket-Key')
    expect(server.received[0]).not.toMatch(/sec-websocket-extensions/i)
    expect(raw.bench.messages).toBe(0)
    return `not offered; ${seen}`
  })
})

describe('broken frames', () => {
  fault(24, 'text that is not UTF-8: dialled again, counted', () => {
    const bytes = frame(opcode.text, Buffer.from([0xc3, 0x28]))
    return expectFiveStrikes(() => RawServer.upgrading((socket) => socket.write(bytes)), 'UTF-8')
  })

  const frames: Readonly<Record<string, Buffer>> = {
    'a reserved bit': frame(0xc1, 'x'),
    'an unknown opcode': frame(0x83, 'x'),
    'a masked frame': Buffer.from([0x81, 0x81, 1, 2, 3, 4, 0x79]),
    'a control frame of 126 bytes': frame(opcode.ping, Buffer.alloc(126)),
    'a continuation of nothing': frame(0x80, 'x'),
    'a close with code 999': frame(opcode.close, Buffer.from([0x03, 0xe7])),
  }
  for (const [name, bytes] of Object.entries(frames)) {
    fault(25, name, () =>
      expectFiveStrikes(() => RawServer.upgrading((socket) => socket.write(bytes)), name),
    )
  }

  fault(26, 'a flood of 5,000 pings: a close without an error is enough', async () => {
    const server = await RawServer.upgrading((socket) => {
      socket.pause()
      socket.write(Buffer.concat(Array<Buffer>(5_000).fill(frame(opcode.ping, 'x'.repeat(100)))))
    })
    await using raw = await RawBench.dial(server)
    await raw.reached('waiting')
    for (const socket of server.connections) socket.resume()
    return await raw.expectRetry('unreachable')
  })

  fault(64, 'a binary frame: not understood, and the connection stays', async () => {
    await using raw = await RawBench.dial(
      await RawServer.upgrading((socket) => {
        socket.write(frame(opcode.binary, Buffer.from([1, 2, 3])))
        socket.write(frame(opcode.text, 'valid'))
      }),
    )
    await until('both came', () => raw.bench.messages === 2)
    expect(raw.bench.connection.state.kind).toBe('open')
    return `binary frame: still ${raw.bench.connection.state.kind}`
  })
})
