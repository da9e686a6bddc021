import type { IncomingHttpHeaders } from 'node:http'

export interface OriginsOptions {
  /** What browsers know this gateway by. */
  readonly publicOrigin: () => string
  /** Other sites whose pages may use cookies here. */
  readonly allowed: readonly string[]
}

/**
 * From whose pages a cookie counts. A browser sends cookies with requests that another site's page
 * has made, and then says whose (SameSite=Lax keeps most of them back, but takes another port of
 * one host for the same site). Who sends no Origin is no browser, and holds no cookie of a victim.
 */
export class Origins {
  readonly #options: OriginsOptions

  constructor(options: OriginsOptions) {
    this.#options = options
  }

  knows(origin: string): boolean {
    const { publicOrigin, allowed } = this.#options
    return origin === publicOrigin() || allowed.includes(origin)
  }

  accepts({ origin }: IncomingHttpHeaders): boolean {
    return origin === undefined || this.knows(origin)
  }

  /** Cookies are for TLS only, but for a gateway on this machine without it. */
  get secureCookies(): boolean {
    const url = URL.parse(this.#options.publicOrigin())
    const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url?.hostname ?? '')
    return !(url?.protocol === 'http:' && isLoopback)
  }
}
