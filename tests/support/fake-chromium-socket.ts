import type { ChromiumWebSocket } from '../../src/main/host/network/chromium-socket.ts'

/** The fake of Electron's `net.WebSocket`: it keeps its address where anything that prints it finds it. */
export class FakeChromiumSocket extends EventTarget implements ChromiumWebSocket {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly sent: unknown[] = []
  readonly closes: (readonly [number | undefined, string | undefined])[] = []
  readyState = 0
  bufferedAmount = 0

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    super()
    if (!URL.canParse(url)) throw new DOMException(`Invalid URL: '${url}'`, 'SyntaxError')
    this.url = url
    this.headers = headers
  }

  accept(): void {
    this.readyState = 1
    this.dispatchEvent(new Event('open'))
  }

  say(data: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data }))
  }

  /** As it fails: an `error` that says nothing, then a `close` that says it in words. */
  fail(reason: string): void {
    this.readyState = 3
    this.dispatchEvent(new Event('error'))
    this.end(1006, reason)
  }

  end(code: number, reason = ''): void {
    this.readyState = 3
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason, wasClean: code !== 1006 }))
  }

  send(data: unknown): void {
    if (this.readyState === 0) throw new DOMException('Still in CONNECTING state.')
    this.sent.push(data)
  }

  close(code?: number, reason?: string): void {
    this.closes.push([code, reason])
  }
}
