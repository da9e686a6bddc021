import http, {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { Link } from './fault-proxy-link.ts'

export interface ProxiedRequest {
  readonly method: string
  readonly path: string
  readonly upgrade: boolean
  /** The token that came with it, in the header or in the query, or the refresh token in the body. */
  credential: string | null
}

const refreshPath = '/auth/v1/token?grant_type=refresh_token'

export function readRequest(request: IncomingMessage, upgrade: boolean): ProxiedRequest {
  const path = request.url ?? '/'
  const header = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  const query = new URL(path, 'http://proxy').searchParams.get('token')
  const seen = { method: request.method ?? 'GET', path, upgrade, credential: header ?? query }
  if (path === refreshPath) {
    whenRead(request, (body) => {
      seen.credential = /"refresh_token":"([^"]+)"/.exec(body)?.[1] ?? null
    })
  }
  return seen
}

export interface Forwarding {
  readonly target: URL
  readonly seen: ProxiedRequest
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** The way back. */
  readonly link: Link
  /** The server answers, and the client never learns. */
  readonly losesReply: boolean
  /** Tokens that the backend hands out. */
  readonly onToken: (token: string) => void
}

export function forward(
  request: IncomingMessage,
  response: ServerResponse,
  { target, seen, path, headers, link, losesReply, onToken }: Forwarding,
): void {
  const onward = http.request(
    {
      host: target.hostname,
      port: target.port,
      method: seen.method,
      path,
      headers,
      // No connection is used twice: a reset means one request.
      agent: false,
    },
    (answer) => {
      if (seen.path.startsWith('/auth/v1/token')) whenRead(answer, tokensIn(onToken))
      if (losesReply) {
        answer.resume()
        answer.on('end', () => request.socket.resetAndDestroy())
        return
      }
      link.send(0, () => response.writeHead(answer.statusCode ?? 502, answer.headers))
      answer.on('data', (part: Buffer) => link.send(part.length, () => response.write(part)))
      answer.on('end', () => link.send(0, () => response.end()))
    },
  )
  onward.on('error', () => request.socket.resetAndDestroy())
  response.on('close', () => {
    link.close()
    onward.destroy()
  })
  request.pipe(onward)
}

/** Reads along while a message passes through. */
function whenRead(message: IncomingMessage, use: (text: string) => void): void {
  const parts: Buffer[] = []
  message.on('data', (part: Buffer) => parts.push(part))
  message.on('end', () => use(Buffer.concat(parts).toString('utf8')))
}

function tokensIn(onToken: (token: string) => void): (text: string) => void {
  return (text) => {
    for (const match of text.matchAll(/"(?:access|refresh)_token":"([^"]+)"/g)) {
      if (match[1] !== undefined) onToken(match[1])
    }
  }
}
