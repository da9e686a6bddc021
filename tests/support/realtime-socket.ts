import { once } from 'node:events'
import WebSocket from 'ws'
import type { Backend } from '../../src/backend/backend.ts'
import { until } from './until.ts'

export interface RealtimeFrame {
  readonly joinRef: string | null
  readonly ref: string | null
  readonly topic: string
  readonly event: string
  readonly payload: Record<string, unknown>
}

interface OpenOptions {
  readonly vsn?: '1.0.0' | '2.0.0'
  readonly key?: string
}

/** A Realtime client that says exactly what it is told to, and shows everything it hears. */
export class RealtimeSocket {
  readonly socket: WebSocket
  readonly heard: RealtimeFrame[] = []
  readonly binary: Buffer[] = []
  closed: { readonly code: number; readonly reason: string } | null = null
  readonly #vsn: '1.0.0' | '2.0.0'
  #ref = 0

  private constructor(socket: WebSocket, vsn: '1.0.0' | '2.0.0') {
    this.socket = socket
    this.#vsn = vsn
    socket.on('message', (data, isBinary) => {
      if (isBinary) this.binary.push(data as Buffer)
      else this.heard.push(this.#read((data as Buffer).toString()))
    })
    socket.on('error', () => undefined)
    socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }))
  }

  static async open(backend: Backend, options: OpenOptions = {}): Promise<RealtimeSocket> {
    const { vsn = '2.0.0', key = backend.publishableKey } = options
    const base = backend.supabaseUrl.replace('http', 'ws')
    const socket = new WebSocket(`${base}/realtime/v1/websocket?apikey=${key}&vsn=${vsn}`)
    const client = new RealtimeSocket(socket, vsn)
    await once(socket, 'open')
    return client
  }

  /** The ref that an answer will carry. */
  send(topic: string, event: string, payload: unknown = {}, joinRef: string | null = null): string {
    const ref = String((this.#ref += 1))
    const own = event === 'phx_join' ? ref : joinRef
    this.socket.send(
      JSON.stringify(
        this.#vsn === '2.0.0'
          ? [own, ref, topic, event, payload]
          : { join_ref: own, ref, topic, event, payload },
      ),
    )
    return ref
  }

  /** The answer's status and response. */
  async call(topic: string, event: string, payload: unknown = {}, joinRef: string | null = null) {
    const ref = this.send(topic, event, payload, joinRef)
    const answer = await this.hear(
      `${event} is answered`,
      (frame) => frame.event === 'phx_reply' && frame.ref === ref,
    )
    return answer.payload as { status: string; response: Record<string, unknown> }
  }

  join(name: string, config: object = {}, token?: string) {
    return this.call(`realtime:${name}`, 'phx_join', { config, access_token: token })
  }

  /** The first frame, also of earlier ones, that fits. */
  async hear(what: string, fits: (frame: RealtimeFrame) => boolean): Promise<RealtimeFrame> {
    await until(what, () => this.heard.some(fits))
    return this.heard.find(fits)!
  }

  system(message: string | RegExp): Promise<RealtimeFrame> {
    return this.hear(`system says ${String(message)}`, ({ event, payload }) => {
      if (event !== 'system') return false
      const said = String(payload.message)
      return typeof message === 'string' ? said === message : message.test(said)
    })
  }

  async end(): Promise<{ readonly code: number; readonly reason: string }> {
    await until('the socket is closed', () => this.closed !== null)
    return this.closed!
  }

  #read(text: string): RealtimeFrame {
    const frame = JSON.parse(text) as unknown
    if (Array.isArray(frame)) {
      const [joinRef, ref, topic, event, payload] = frame as never[]
      return { joinRef: joinRef!, ref: ref!, topic: topic!, event: event!, payload: payload! }
    }
    const { join_ref: joinRef = null, ...rest } = frame as RealtimeFrame & { join_ref?: string }
    return { ...rest, joinRef }
  }
}

/** A broadcast as vsn 2.0.0 sends it, whatever the lengths say. */
export function encodePush(
  parts: readonly [string, string, string, string, string],
  content: Buffer,
  encoding = 1,
): Buffer {
  const strings = parts.map((part) => Buffer.from(part))
  const head = Buffer.from([3, ...strings.map(({ length }) => length), encoding])
  return Buffer.concat([head, ...strings, content])
}
