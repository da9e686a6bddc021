import type { Session } from 'electron'
import type { HttpFetch } from '../../ports.ts'
import type { Routes } from './routes.ts'

export interface FetchWays {
  readonly routes: Pick<Routes, 'to'>
  readonly direct: HttpFetch
  readonly system: HttpFetch
}

/** A fetch that goes the way that leads there. */
export function routedFetch({ routes, direct, system }: FetchWays): HttpFetch {
  return async (input, init) => {
    const route = await routes.to(addressOf(input))
    init?.signal?.throwIfAborted()
    return route === 'direct' ? direct(input, init) : system(input, init)
  }
}

/** What `net.fetch` rejects with when it met a redirect that it was told not to follow. */
const unfollowed = /^Redirect was cancelled$|redirect policy was 'error'/

/**
 * Chromium's fetch as the port wants it: nothing is kept, neither cookies nor answers, and a
 * redirect that is not followed is an answer.
 */
export function chromiumFetch(fetch: Session['fetch']): HttpFetch {
  return async (input, init) => {
    const address = input instanceof URL ? input.href : input
    try {
      const response = await fetch(address, { ...init, credentials: 'omit', cache: 'no-store' })
      return withCookiesApart(response)
    } catch (error) {
      if (error instanceof Error && unfollowed.test(error.message)) {
        return new Response(null, { status: 302 })
      }
      throw error
    }
  }
}

/** Electron joins several `set-cookie` by commas, which also stand in their dates. */
function withCookiesApart(response: Response): Response {
  const joined = response.headers.get('set-cookie')
  if (joined === null) return response
  const headers = new Headers(response.headers)
  headers.delete('set-cookie')
  for (const cookie of joined.split(/, (?=[^\s;,=]+=)/)) headers.append('set-cookie', cookie)
  const { status, statusText } = response
  return new Response(response.body, { status, statusText, headers })
}

const addressOf = (input: Parameters<HttpFetch>[0]): string =>
  typeof input === 'string' ? input : input instanceof URL ? input.href : input.url
