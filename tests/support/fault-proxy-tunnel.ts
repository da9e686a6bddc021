import type { Socket } from 'node:net'
import type { Clock } from '../../src/main/ports.ts'
import { Link } from './fault-proxy-link.ts'
import type { Slowness } from './fault-proxy-link.ts'
import type { ProxyLog } from './fault-proxy-log.ts'
import type { FrameAction, FrameKind, Passing, Rules, Side } from './fault-proxy-rules.ts'
import { closePayload, encode, FrameReader, opcodes } from './raw-frames.ts'
import type { RawFrame } from './raw-frames.ts'

export interface TunnelParts {
  readonly client: Socket
  readonly server: Socket
  readonly connection: number
  readonly path: string
  readonly rules: Rules
  readonly log: ProxyLog
  readonly clock: Clock
  readonly slowness: () => Slowness
}

const headEnd = '\r\n\r\n'

/**
 * An upgraded connection whose frames are looked at. It owns nothing but what is on the way; the
 * sockets are the proxy's.
 */
export class Tunnel {
  readonly #parts: TunnelParts
  readonly #links: Readonly<Record<Side, Link>>
  readonly #dropping = new Set<Side>()

  constructor(parts: TunnelParts) {
    const { client, server, clock, slowness } = parts
    this.#parts = parts
    this.#links = { client: new Link(clock, slowness), server: new Link(clock, slowness) }
    this.#carry('client', server, new FrameReader())
    this.#carry('server', client, new FrameReader())
    client.on('close', () => this.#end(server, 'client'))
    server.on('close', () => this.#end(client, 'server'))
  }

  /** A text frame that the other side never sent. */
  inject(to: Side, text: string): void {
    this.#put(to, encode(opcodes.text, text, { mask: to === 'server' }))
  }

  /** Says goodbye to the client in the server's name. */
  close(code: number, reason = ''): void {
    const { client } = this.#parts
    this.#put('client', encode(opcodes.close, closePayload(code, reason), { mask: false }))
    this.#links.client.send(0, () => client.end())
    this.#dropping.add('client')
  }

  cut(how: 'rst' | 'fin'): void {
    for (const socket of [this.#parts.client, this.#parts.server]) {
      if (how === 'rst') socket.resetAndDestroy()
      else socket.destroySoon()
    }
  }

  /** Nothing more comes through to this side; the other way stays as it is. */
  silence(side: Side): void {
    this.#dropping.add(side)
  }

  /** What comes from the other side goes to `to`, frame by frame once the answer's head is through. */
  #carry(to: Side, from: Socket, frames: FrameReader): void {
    let head: Buffer | null = to === 'client' ? Buffer.alloc(0) : null
    from.on('data', (chunk: Buffer) => {
      let rest = chunk
      if (head !== null) {
        head = Buffer.concat([head, chunk])
        const end = head.indexOf(headEnd)
        if (end < 0) return
        this.#put(to, head.subarray(0, end + headEnd.length))
        rest = head.subarray(end + headEnd.length)
        head = null
      }
      frames.push(rest)
      for (let frame = frames.take(); frame !== null; frame = frames.take()) this.#pass(to, frame)
    })
  }

  #pass(to: Side, frame: RawFrame): void {
    const { rules, log, connection, path } = this.#parts
    const passing = read(to, frame, path)
    const action = this.#dropping.has(to) ? drop : rules.decide(passing)
    log.add({
      place: passing.place,
      connection,
      path,
      done: action?.act ?? 'pass',
      ...(passing.frame !== undefined && { frame: passing.frame }),
      ...(passing.text !== undefined && { text: passing.text }),
    })
    this.#act(to, frame, action)
  }

  #act(to: Side, { bytes, opcode }: RawFrame, action: FrameAction | null): void {
    if (action === null) {
      this.#put(to, bytes)
      return
    }
    switch (action.act) {
      case 'drop':
        break
      case 'drop-onwards':
        this.#dropping.add(to)
        break
      case 'delay':
        this.#put(to, bytes, action.ms)
        break
      case 'replace':
        this.#put(to, encode(opcode, action.text, { mask: to === 'server' }))
        break
      case 'inject':
        this.#put(to, bytes)
        this.inject(action.to, action.text)
        if (action.code !== undefined) this.close(action.code)
        break
      case 'close':
        this.close(action.code, action.reason)
        break
      case 'cut':
        this.cut(action.how)
        break
    }
  }

  #put(to: Side, bytes: Buffer, byMs = 0): void {
    const socket = this.#parts[to]
    this.#links[to].send(
      bytes.length,
      () => {
        if (socket.writable) socket.write(bytes)
      },
      byMs,
    )
  }

  #end(other: Socket, side: Side): void {
    this.#links[side].close()
    // What the side that went had said is still on its way to the other.
    this.#links[side === 'client' ? 'server' : 'client'].send(0, () => other.destroySoon())
  }
}

type FramePassing = Passing<'to-client' | 'to-server'>

const drop: FrameAction = { act: 'drop' }

const kinds: Readonly<Record<number, FrameKind>> = {
  [opcodes.continuation]: 'continuation',
  [opcodes.text]: 'text',
  [opcodes.binary]: 'binary',
  [opcodes.close]: 'close',
  [opcodes.ping]: 'ping',
  [opcodes.pong]: 'pong',
}

function read(to: Side, { opcode, payload }: RawFrame, path: string): FramePassing {
  const frame = kinds[opcode] ?? 'other'
  const passing: FramePassing = { place: `to-${to}`, path, frame }
  if (frame !== 'text') return passing
  const text = payload.toString('utf8')
  return { ...passing, text, json: parse(text) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
