import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Database } from '../database/database.ts'
import { outboxPolicy, renderOutbox } from './outbox-page.ts'
import { listOutbox } from './outbox.ts'

/** `/outbox` for a person, `/outbox/messages` for a program; both only for this machine. */
export function registerOutbox(app: FastifyInstance, database: Database): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(guarded).removeHeader('access-control-allow-origin')
    if (isLocal(request.headers, request.socket.remoteAddress)) return
    const error = { code: 'forbidden', message: 'The outbox is shown on its own machine only.' }
    return reply.code(403).send({ error })
  })
  app.get('/outbox', async (_request, reply) => {
    const page = renderOutbox(await listOutbox(database))
    return reply
      .headers({
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': outboxPolicy,
      })
      .send(page)
  })
  app.get('/outbox/messages', async () => ({ messages: await listOutbox(database) }))
}

const guarded = {
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

const loopbackPeer = /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$|^::1$/
const loopbackHost = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i
const proxied = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']

/**
 * Codes and links sign anybody in, so they are for whoever sits here: not for another machine, a
 * proxy in between, a name that a stranger pointed here (DNS rebinding), or another site's page.
 */
export function isLocal(headers: IncomingHttpHeaders, peer: string | undefined): boolean {
  const { host = '', origin } = headers
  const site = headers['sec-fetch-site'] ?? 'none'
  // Another site may lead here, but cannot read what it led to.
  const opened =
    headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
  return (
    loopbackPeer.test(peer ?? '') &&
    loopbackHost.test(host) &&
    !proxied.some((name) => headers[name] !== undefined) &&
    (origin === undefined || URL.parse(origin)?.host === host.toLowerCase()) &&
    (opened || site === 'none' || site === 'same-origin')
  )
}
