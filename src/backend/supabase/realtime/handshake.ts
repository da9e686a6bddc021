import type { Duplex } from 'node:stream'
import { refuseUpgrade, type Upgrade } from '../../http-upgrades.ts'
import { isSecretInBrowser, secretInBrowser } from '../api-key-door.ts'
import type { ApiKeys } from '../api-keys.ts'
import type { JudgeToken } from './access.ts'
import type { Vsn } from './frames.ts'

export type Welcome =
  | { readonly ok: true; readonly vsn: Vsn; readonly keyToken: string }
  | { readonly ok: false; readonly status: string; readonly error: string }

/** Whether a socket may be opened: the key, as a query or a header, and the form of the frames. */
export async function judgeHandshake(
  { message, query }: Upgrade,
  apiKeys: ApiKeys,
  judge: JudgeToken,
): Promise<Welcome> {
  const asked = new URLSearchParams(query)
  const { 'x-api-key': ownHeader, apikey: header } = message.headers
  const key = [ownHeader, header, asked.get('apikey')].find((text) => isText(text))
  if (!isText(key)) return refuse('401 Unauthorized', 'API key is missing')
  if (isSecretInBrowser(key, message.headers)) {
    return refuse('401 Unauthorized', secretInBrowser.message)
  }
  const keyToken = apiKeys.bearerFor({ authorization: undefined, apiKey: key }) ?? key
  const verdict = await judge(keyToken)
  if (!verdict.ok) {
    const expired = verdict.message.startsWith('Token has expired')
    return refuse('401 Unauthorized', expired ? 'Token has expired' : verdict.message)
  }
  const vsn = asked.get('vsn') ?? '1.0.0'
  // As Phoenix: a requirement of its own version numbers.
  if (/^1\.\d+\.\d+$/.test(vsn)) return { ok: true, vsn: '1.0.0', keyToken }
  if (/^2\.\d+\.\d+$/.test(vsn)) return { ok: true, vsn: '2.0.0', keyToken }
  return refuse('400 Bad Request', 'The vsn is not supported: 1.0.0 and 2.0.0 are')
}

function refuse(status: string, error: string): Welcome {
  return { ok: false, status, error }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** Past so many that wait, the next are answered at once. */
const mostWaiting = 1_000

/** Refused handshakes wait for their answer, so that trying again at once is no use. */
export class Refusals {
  readonly #delayMs: number
  readonly #waiting = new Map<NodeJS.Timeout, () => void>()

  constructor(delayMs: number) {
    this.#delayMs = delayMs
  }

  /** Settles when it has been answered. */
  send(socket: Duplex, status: string, error: string): Promise<void> {
    return new Promise((resolve) => {
      const answer = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(timer)
        const body = JSON.stringify({ error })
        const type = 'application/json; charset=utf-8'
        if (!socket.destroyed) refuseUpgrade(socket, status, { 'content-type': type, body })
        resolve()
      }
      const timer = setTimeout(answer, this.#waiting.size < mostWaiting ? this.#delayMs : 0)
      this.#waiting.set(timer, answer)
      socket.once('close', answer)
    })
  }

  close(): void {
    for (const answer of [...this.#waiting.values()]) answer()
  }
}
