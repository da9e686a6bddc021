import type { FailureCode } from '../../shared/failure.ts'
import { Secret } from '../lib/secret.ts'

/** `none`: not on the handshake at all, but in what is said first on the open socket. */
export type Form = 'header' | 'query' | 'none'

/** Longest token that is sent, in characters (F49). */
const maxTokenLength = 16 * 1024 - 1
const sendable = /^[\x21-\x7e]+$/

/**
 * How the token travels on a socket. The header is tried first: a query is written down by every
 * proxy on the way. Shared by the sockets of one source, so that one of them finds out for all.
 */
export class TokenForm {
  #settled: Form | null

  constructor(transport: 'auto' | Form) {
    this.#settled = transport === 'auto' ? null : transport
  }

  get first(): Form {
    return this.#settled ?? 'header'
  }

  /**
   * The form left to try after a refusal, or null. A server that named another reason than
   * "missing" has read the token: then the form is not at fault.
   */
  alternative(used: Form, reason: FailureCode, named: boolean): Form | null {
    const unread = !named || reason === 'token_missing'
    if (used !== 'header' || !unread) return null
    return this.#settled === 'header' ? null : 'query'
  }

  /** A connection in this form brought a valid message: nothing else is tried from now on. */
  prove(form: Form): void {
    this.#settled ??= form
  }
}

/** A token with a line break or of absurd length is refused before use. */
export function isSendable(token: Secret): boolean {
  const text = token.reveal()
  return text.length <= maxTokenLength && sendable.test(text)
}

export interface Addressed {
  readonly url: Secret
  readonly headers: Readonly<Record<string, Secret>>
}

/** Both parts may carry the token, so both are secrets. */
export function addressed(url: string, token: Secret, form: Form): Addressed {
  if (form === 'none') return { url: new Secret(url), headers: {} }
  if (form === 'header') {
    return {
      url: new Secret(url),
      headers: { Authorization: new Secret(`Bearer ${token.reveal()}`) },
    }
  }
  const query = `token=${encodeURIComponent(token.reveal())}`
  return { url: new Secret(`${url}${url.includes('?') ? '&' : '?'}${query}`), headers: {} }
}
