import type { SocketEnding } from '../../ports.ts'

/** The close event of `net.WebSocket`. */
export interface ChromiumEnding {
  readonly code: number
  readonly reason: string
}

export const isEnding = (event: object): event is ChromiumEnding =>
  'code' in event &&
  typeof event.code === 'number' &&
  'reason' in event &&
  typeof event.reason === 'string'

/** What Chromium says of an opening that ended with a status (net/websockets, Chromium 152). */
const statuses: readonly (readonly [RegExp, (found: RegExpExecArray) => number])[] = [
  [/Unexpected response code: (\d{3})/, ([, status]) => Number(status)],
  [/HTTP Authentication failed/, () => 401],
  [/Proxy authentication failed/, () => 407],
]

/**
 * The same ending in the words of the port. What failed before it was open, or broke afterwards, is
 * 1006 with a sentence that ends in Chromium's own code (`net::ERR_…`); the sentence stays here.
 */
export function endingOf({ code, reason }: ChromiumEnding, opened: boolean): SocketEnding {
  const none = { status: null, retryAfterMs: null, errorCode: null }
  if (code !== 1006) return { ...none, code, reason }
  const broken = { ...none, code: opened ? 1006 : null, reason: '' }
  if (!opened) {
    for (const [pattern, read] of statuses) {
      const found = pattern.exec(reason)
      if (found !== null) return { ...broken, status: read(found) }
    }
  }
  const errorCode = /net::(ERR_[A-Z0-9_]+)/.exec(reason)?.[1] ?? null
  // "Failed" is what it says when it does not know, or when its network process was restarted.
  return { ...broken, errorCode: errorCode === 'ERR_FAILED' ? null : errorCode }
}
