import { createHash, randomUUID, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Metrics } from './metrics.ts'

export interface MetricsRoutesOptions {
  readonly metrics: Metrics
  /** Null: only this computer may look. */
  readonly token: string | null
}

/**
 * `/metrics`, for Prometheus. With a token, whoever brings it as a bearer; without one, only this
 * computer, and nothing that a proxy passed on.
 */
export function registerMetrics(
  app: FastifyInstance,
  { metrics, token }: MetricsRoutesOptions,
): void {
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none'
    const { method } = request
    metrics.answered({ method, route, status: reply.statusCode, seconds: reply.elapsedTime / 1e3 })
    done()
  })
  app.get('/metrics', async (request, reply) => {
    if (!maySee(request, token)) {
      const message = 'Metrics are for this computer, or for who brings METRICS_TOKEN.'
      const ref = randomUUID().slice(0, 8)
      return reply.code(403).send({ error: { code: 'forbidden', message, ref } })
    }
    return reply
      .header('cache-control', 'no-store')
      .type(metrics.contentType)
      .send(await metrics.text())
  })
}

function maySee(request: FastifyRequest, token: string | null): boolean {
  if (token === null) return isLocal(request)
  const asked = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''
  return timingSafeEqual(digest(asked), digest(token))
}

function isLocal({ raw, headers }: FastifyRequest): boolean {
  if (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined) return false
  const address = raw.socket.remoteAddress ?? ''
  return /^(?:::ffff:)?127\.|^::1$/.test(address)
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
