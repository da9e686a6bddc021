/** What a session route answered, and which cookies it set. */
export interface BridgeAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: {
    readonly success: boolean
    readonly session_id?: string
    readonly expires_at?: string
    readonly message?: string
    readonly error?: { readonly code: string; readonly message: string; readonly ref: string }
  }
  /** As set: name and value, then attributes. */
  readonly setCookies: readonly string[]
}

interface Sent {
  readonly token?: string
  readonly origin?: string
  /** Instead of the own cookies. */
  readonly cookie?: string
}

/** A browser of its own: it keeps what is set, and sends it where it belongs. */
export class BridgeCaller {
  readonly #url: string
  readonly cookies = new Map<string, string>()

  constructor(url: string) {
    this.#url = url
  }

  get cookie(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  bridge(token: string, sent: Sent = {}): Promise<BridgeAnswer> {
    return this.call('POST', '/bridge', { token, ...sent })
  }

  refresh(sent: Sent = {}): Promise<BridgeAnswer> {
    return this.call('POST', '/refresh', sent)
  }

  end(sent: Sent = {}): Promise<BridgeAnswer> {
    return this.call('DELETE', '', sent)
  }

  async call(method: string, path: string, sent: Sent): Promise<BridgeAnswer> {
    const { token, origin, cookie = this.cookie } = sent
    const headers = new Headers()
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
    if (origin !== undefined) headers.set('origin', origin)
    if (cookie !== '') headers.set('cookie', cookie)
    const response = await fetch(`${this.#url}/api/auth/session${path}`, { method, headers })
    const setCookies = response.headers.getSetCookie()
    for (const line of setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    const body = (await response.json()) as BridgeAnswer['body']
    return { status: response.status, headers: response.headers, body, setCookies }
  }
}
