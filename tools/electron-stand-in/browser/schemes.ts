export interface CustomScheme {
  readonly scheme: string
  readonly privileges?: { readonly standard?: boolean; readonly secure?: boolean }
}

/**
 * Chromium cannot be taught a scheme from outside, so `app://host/path` travels as
 * `https://host.app.invalid/path`. Main code only ever sees the first form.
 */
export class Schemes {
  readonly #names = new Set<string>()

  register(schemes: readonly CustomScheme[]): void {
    for (const { scheme } of schemes) this.#names.add(scheme)
  }

  has(scheme: string): boolean {
    return this.#names.has(scheme)
  }

  toBrowser(url: string): string {
    const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is.exec(url)
    const [, scheme = '', host = '', rest = ''] = match ?? []
    if (!this.#names.has(scheme)) return url
    return `https://${host}.${scheme}.invalid${rest === '' ? '/' : rest}`
  }

  toApp(url: string): string {
    const match =
      /^https:\/\/([^/?#]*)\.([a-z][a-z0-9+-]*)\.invalid(?::443)?(?=[/?#]|$)(.*)$/is.exec(url)
    const [, host = '', scheme = '', rest = ''] = match ?? []
    return this.#names.has(scheme) ? `${scheme}://${host}${rest}` : url
  }

  /** The scheme of a URL in its app form, when it is one of ours. */
  ofApp(url: string): string | null {
    const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1] ?? ''
    return this.#names.has(scheme) ? scheme : null
  }
}
