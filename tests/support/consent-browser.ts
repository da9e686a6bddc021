/** What a browser does at the consent page, without one: keeps cookies, fills the form, follows nothing. */
export class ConsentBrowser {
  readonly #cookies = new Map<string, string>()

  async get(url: string | URL): Promise<Response> {
    return this.#keep(await fetch(url, { headers: this.#headers(), redirect: 'manual' }))
  }

  /** Opens the address that an app would open; the page that comes of it. */
  async open(authorizeUrl: string | URL): Promise<ConsentPage> {
    const redirect = await this.get(authorizeUrl)
    const location = redirect.headers.get('location')
    if (location === null) throw new Error(`no page, but ${redirect.status}`)
    const url = new URL(location, authorizeUrl)
    const response = await this.get(url)
    return { url, response, html: await response.text() }
  }

  async submit(
    { url, html }: ConsentPage,
    fields: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const request = /name="request" value="([^"]+)"/.exec(html)?.[1] ?? ''
    const body = new URLSearchParams({ request, ...fields })
    const sent = { ...this.#headers(), origin: url.origin, ...headers }
    return this.#keep(
      await fetch(new URL('consent', url), {
        method: 'POST',
        headers: sent,
        body,
        redirect: 'manual',
      }),
    )
  }

  #headers(): Record<string, string> {
    return { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') }
  }

  #keep(response: Response): Response {
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      this.#cookies.set(name, value)
    }
    return response
  }
}

export interface ConsentPage {
  readonly url: URL
  readonly response: Response
  readonly html: string
}
