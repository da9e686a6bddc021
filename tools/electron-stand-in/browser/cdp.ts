import { EventEmitter } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import type { Protocol } from '../../../node_modules/playwright-core/types/protocol.d.ts'

export type { Protocol }

type Commands = Protocol.CommandParameters
type Returns = Protocol.CommandReturnValues
export type ProtocolEvent = keyof Protocol.Events

interface Answer {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: { readonly message: string }
  readonly sessionId?: string
}

interface Waiting {
  readonly method: string
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

/** One DevTools session: the browser itself, or one page. */
export class CdpSession {
  readonly #cdp: Cdp
  readonly #id: string | undefined
  readonly #events = new EventEmitter().setMaxListeners(0)

  constructor(cdp: Cdp, id?: string) {
    this.#cdp = cdp
    this.#id = id
  }

  send<M extends keyof Commands & keyof Returns>(
    method: M,
    params?: Commands[M],
  ): Promise<Returns[M]> {
    return this.#cdp.send(method, params, this.#id) as Promise<Returns[M]>
  }

  /** For commands whose failure means no more than that the page is already gone. */
  tell<M extends keyof Commands & keyof Returns>(method: M, params?: Commands[M]): void {
    this.send(method, params).catch(() => {})
  }

  on<E extends ProtocolEvent>(event: E, listener: (params: Protocol.Events[E]) => void): void {
    this.#events.on(event, listener)
  }

  off<E extends ProtocolEvent>(event: E, listener: (params: Protocol.Events[E]) => void): void {
    this.#events.off(event, listener)
  }

  emit(event: string, params: unknown): void {
    this.#events.emit(event, params)
  }
}

/** The DevTools protocol over Chromium's pipe: JSON texts, each ended by a zero byte. */
export class Cdp {
  readonly root = new CdpSession(this)
  readonly #write: Writable
  readonly #waiting = new Map<number, Waiting>()
  readonly #sessions = new Map<string, CdpSession>()
  #lastId = 0
  #parts: Buffer[] = []
  #closed = false

  constructor(write: Writable, read: Readable) {
    this.#write = write
    write.on('error', () => this.#end())
    read.on('data', (chunk: Buffer) => this.#take(chunk))
    read.on('close', () => this.#end())
  }

  session(id: string): CdpSession {
    const session = new CdpSession(this, id)
    this.#sessions.set(id, session)
    return session
  }

  send(method: string, params: unknown, sessionId?: string): Promise<unknown> {
    if (this.#closed) return Promise.reject(new Error(`${method}: Chromium is gone`))
    this.#lastId += 1
    const id = this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { method, resolve, reject })
      this.#write.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    })
  }

  #take(chunk: Buffer): void {
    let start = 0
    for (let end = chunk.indexOf(0); end !== -1; end = chunk.indexOf(0, start)) {
      this.#parts.push(chunk.subarray(start, end))
      const text = Buffer.concat(this.#parts).toString('utf8')
      this.#parts = []
      start = end + 1
      this.#dispatch(JSON.parse(text) as Answer)
    }
    if (start < chunk.length) this.#parts.push(chunk.subarray(start))
  }

  #dispatch(answer: Answer): void {
    if (answer.id === undefined) {
      const { sessionId, method = '', params } = answer
      const session = sessionId === undefined ? this.root : this.#sessions.get(sessionId)
      session?.emit(method, params)
      return
    }
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if (answer.error === undefined) waiting?.resolve(answer.result)
    else waiting?.reject(new Error(`${waiting.method}: ${answer.error.message}`))
  }

  #end(): void {
    this.#closed = true
    for (const { method, reject } of this.#waiting.values()) {
      reject(new Error(`${method}: Chromium is gone`))
    }
    this.#waiting.clear()
  }
}
