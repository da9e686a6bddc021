import { createHash, randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'

/** What an app asked for at `/authorize`, on its way through the browser. */
export interface ConsentRequest {
  readonly redirectTo: string
  /** Null is the implicit flow. */
  readonly challenge: { readonly challenge: string; readonly method: 's256' | 'plain' } | null
}

const schema = z.object({
  redirectTo: z.string(),
  challenge: z.object({ challenge: z.string(), method: z.enum(['s256', 'plain']) }).nullable(),
  browser: z.string(),
})

const lifetime = '10 minutes'
const cookieName = 'sb-consent'
const cookiePattern = /(?:^|; *)sb-consent=([\w-]{43})(?:;|$)/

/**
 * Signs requests instead of storing them: an address that anybody may call fills no table. A request
 * is bound to the browser that began it by a cookie, so that no other site can have it answered.
 */
export class ConsentRequests {
  readonly #key = randomBytes(32)

  seal(request: ConsentRequest, browser: string): Promise<string> {
    return new SignJWT({ ...request, browser: digest(browser) })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime(lifetime)
      .sign(this.#key)
  }

  /** Null when it is too old, of another browser, or not one of ours. */
  async open(sealed: string, browser: string | null): Promise<ConsentRequest | null> {
    if (browser === null) return null
    try {
      const { payload } = await jwtVerify(sealed, this.#key, { algorithms: ['HS256'] })
      const { redirectTo, challenge, browser: bound } = schema.parse(payload)
      return bound === digest(browser) ? { redirectTo, challenge } : null
    } catch {
      return null
    }
  }
}

/** The browser's mark, if it brought one. */
export function browserOf(request: FastifyRequest): string | null {
  return cookiePattern.exec(request.headers.cookie ?? '')?.[1] ?? null
}

/** Marks a browser that has no mark yet; several pages may be open at once. */
export function markBrowser(request: FastifyRequest, reply: FastifyReply): string {
  const kept = browserOf(request)
  if (kept !== null) return kept
  const mark = randomBytes(32).toString('base64url')
  reply.header('set-cookie', `${cookieName}=${mark}; Path=/auth/v1; HttpOnly; SameSite=Lax`)
  return mark
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
