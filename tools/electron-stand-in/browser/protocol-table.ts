import { StandInUnsupported } from '../unsupported.ts'
import { Schemes, type CustomScheme } from './schemes.ts'

export type SchemeHandler = (request: Request) => Response | Promise<Response>

export interface SchemeAnswer {
  readonly status: number
  readonly headers: { name: string; value: string }[]
  readonly body: Buffer
}

type Headers = Record<string, string[]>

interface RequestDetails {
  readonly id: number
  readonly url: string
  readonly method: string
}
type BeforeRequest = (
  details: RequestDetails,
  callback: (response: { cancel?: boolean; redirectURL?: string }) => void,
) => void
type HeadersReceived = (
  details: RequestDetails & { responseHeaders: Headers },
  callback: (response: { cancel?: boolean; responseHeaders?: Headers }) => void,
) => void

/** `protocol` and `session.webRequest`: which scheme is answered by whom. */
export class ProtocolTable {
  readonly schemes = new Schemes()
  readonly #handlers = new Map<string, SchemeHandler>()
  #ready = false
  #lastId = 0
  beforeRequest: BeforeRequest | null = null
  headersReceived: HeadersReceived | null = null

  closeRegistration(): void {
    this.#ready = true
  }

  registerSchemesAsPrivileged(schemes: readonly CustomScheme[]): void {
    if (this.#ready) {
      throw new Error('protocol.registerSchemesAsPrivileged should be called before app is ready')
    }
    for (const { scheme, privileges } of schemes) {
      if (privileges?.standard !== true) {
        throw new StandInUnsupported(`the scheme "${scheme}" without the privilege "standard"`)
      }
    }
    this.schemes.register(schemes)
  }

  handle(scheme: string, handler: SchemeHandler): void {
    if (!this.schemes.has(scheme)) {
      throw new StandInUnsupported(`protocol.handle("${scheme}") of a scheme not registered before`)
    }
    if (this.#handlers.has(scheme)) throw new Error(`The scheme has been intercepted: ${scheme}`)
    this.#handlers.set(scheme, handler)
  }

  unhandle(scheme: string): void {
    if (!this.#handlers.delete(scheme)) throw new Error(`No handler for the scheme: ${scheme}`)
  }

  isProtocolHandled(scheme: string): boolean {
    return this.#handlers.has(scheme)
  }

  /** Null: nobody answers, so the request fails. */
  async answer(request: Request): Promise<SchemeAnswer | null> {
    this.#lastId += 1
    const details = { id: this.#lastId, url: request.url, method: request.method }
    const before = await ask(this.beforeRequest, details)
    if (before.cancel === true) return null
    if (before.redirectURL !== undefined) throw new StandInUnsupported('webRequest redirectURL')

    const handler = this.#handlers.get(this.schemes.ofApp(request.url) ?? '')
    if (handler === undefined) return null
    const response = await handler(request)
    const headers: Headers = {}
    for (const [name, value] of response.headers) (headers[name] ??= []).push(value)
    const received = await ask(this.headersReceived, { ...details, responseHeaders: headers })
    if (received.cancel === true) return null
    return {
      status: response.status,
      headers: Object.entries(received.responseHeaders ?? headers).flatMap(([name, values]) =>
        values.map((value) => ({ name, value })),
      ),
      body: Buffer.from(await response.arrayBuffer()),
    }
  }
}

function ask<D, R extends object>(
  listener: ((details: D, callback: (response: R) => void) => void) | null,
  details: D,
): Promise<Partial<R>> {
  if (listener === null) return Promise.resolve({})
  return new Promise((resolve) => listener(details, resolve))
}
