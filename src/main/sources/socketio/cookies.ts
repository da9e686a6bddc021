import { CookieJar } from 'tough-cookie'
import { Secret } from '../../lib/secret.ts'

/** The cookies of one session at one server. They are secrets: in memory only, never written down. */
export class Cookies {
  #jar = new CookieJar()

  /** The header that goes along with a request to this address; none where no cookie belongs there. */
  headers(url: string): Readonly<Record<string, Secret>> {
    const text = this.#jar.getCookieStringSync(url)
    return text === '' ? {} : { Cookie: new Secret(text) }
  }

  /** Keeps what an answer sets; what is not acceptable is left out, as a browser does. */
  take(url: string, { headers }: Pick<Response, 'headers'>): void {
    for (const line of headers.getSetCookie()) {
      this.#jar.setCookieSync(line, url, { ignoreError: true })
    }
  }

  clear(): void {
    this.#jar = new CookieJar()
  }
}
