import type { CdpSession, Protocol } from './cdp.ts'
import type { Frame, Frames } from './frames.ts'
import type { ProtocolTable } from './protocol-table.ts'

type Paused = Protocol.Fetch.requestPausedPayload

/** Asks whoever listens; true means that the navigation was prevented. */
export interface NavigationJudge {
  redirected: (frame: Frame, url: string) => boolean
  requested: (frame: Frame, url: string) => boolean
}

/**
 * Every request of one page ends here: those to a handled scheme are answered by the app, all
 * others fail. The window has no network.
 */
export class Traffic {
  readonly #session: CdpSession
  readonly #frames: Frames
  readonly #table: ProtocolTable
  readonly #judge: NavigationJudge
  /** The address that main itself is loading, which asks nobody. */
  expected: string | null = null

  constructor(
    session: CdpSession,
    frames: Frames,
    more: { table: ProtocolTable; judge: NavigationJudge },
  ) {
    this.#session = session
    this.#frames = frames
    this.#table = more.table
    this.#judge = more.judge
    session.on('Fetch.requestPaused', (paused) => {
      this.#answer(paused).catch((error: unknown) => {
        if (String(error).includes('Chromium is gone')) return
        process.stderr.write(`stand-in: a request failed: ${String(error)}\n`)
        this.#fail(paused, 'Failed')
      })
    })
  }

  async #answer(paused: Paused): Promise<void> {
    const url = this.#table.schemes.toApp(paused.request.url + (paused.request.urlFragment ?? ''))
    if (paused.resourceType === 'Document' && this.#isPrevented(paused, url)) {
      this.#fail(paused, 'Aborted')
      return
    }
    const answer = await this.#table.answer(toRequest(url, paused.request))
    if (answer === null) {
      this.#fail(paused, 'BlockedByClient')
      return
    }
    await this.#session.send('Fetch.fulfillRequest', {
      requestId: paused.requestId,
      responseCode: answer.status,
      responseHeaders: answer.headers,
      body: answer.body.toString('base64'),
    })
  }

  #isPrevented(paused: Paused, url: string): boolean {
    const frame = this.#frames.get(paused.frameId)
    if (frame === undefined) return false
    if (frame.parent === null) {
      // Main's own loads and reloads ask nobody.
      if (this.expected === url || frame.url === url) {
        this.expected = null
        return false
      }
    }
    const redirected = paused.redirectedRequestId !== undefined
    return redirected ? this.#judge.redirected(frame, url) : this.#judge.requested(frame, url)
  }

  #fail(paused: Paused, errorReason: Protocol.Network.ErrorReason): void {
    this.#session.tell('Fetch.failRequest', { requestId: paused.requestId, errorReason })
  }
}

function toRequest(url: string, request: Protocol.Network.Request): Request {
  const headers = Object.entries(request.headers).filter(([name]) => !name.startsWith(':'))
  const body = request.postData
  return new Request(url, {
    method: request.method,
    headers,
    ...(body !== undefined && { body }),
  })
}
