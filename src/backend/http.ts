import { randomUUID } from 'node:crypto'
import cors from '@fastify/cors'
import fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import { ConfigError } from './config-error.ts'
import type { Log } from './log.ts'

const bodyLimitBytes = 1024 * 1024

/** How long a peer may take, in milliseconds, and how often the slow ones are looked for. */
export interface HttpPatience {
  readonly headersTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly sweepMs: number
}

const defaultPatience: HttpPatience = {
  headersTimeoutMs: 15_000,
  requestTimeoutMs: 30_000,
  sweepMs: 5_000,
}

export interface HttpSettings {
  readonly patience?: HttpPatience | undefined
  /** Whether `X-Forwarded-For` was written by a proxy of ours: its last entry is then the peer. */
  readonly behindProxy?: boolean
}

/** The one HTTP server: limits, CORS, a log without secrets, and errors without stacks. */
export async function createHttp(
  log: Log,
  { patience = defaultPatience, behindProxy = false }: HttpSettings = {},
): Promise<FastifyInstance> {
  const app = fastify({
    trustProxy: behindProxy ? (_address, hop) => hop === 0 : false,
    requestTimeout: patience.requestTimeoutMs,
    http: {
      headersTimeout: patience.headersTimeoutMs,
      connectionsCheckingInterval: patience.sweepMs,
    },
    bodyLimit: bodyLimitBytes,
    // Keep-alive connections would hold up closing.
    forceCloseConnections: true,
    return503OnClosing: true,
    logger: false,
    // Room for a job name of 128 letters of any script; fastify's own limit is 100 characters.
    routerOptions: { maxParamLength: 1_024 },
    // An address that cannot be read comes to no handler: the one shape of errors holds here too.
    frameworkErrors: (_error, _request, reply) => {
      const ref = randomUUID().slice(0, 8)
      const error = { code: 'request_invalid', message: 'The address cannot be read.', ref }
      reply.raw.writeHead(400, { 'content-type': 'application/json; charset=utf-8' })
      reply.raw.end(JSON.stringify({ error }))
    },
  })
  await app.register(cors, {
    origin: '*',
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    exposedHeaders: ['Content-Range', 'Location', 'X-Supabase-Api-Version', 'X-Sb-Error-Code'],
    maxAge: 3_600,
  })
  app.addHook('onResponse', (request, reply, done) => {
    // The path only: a query may carry a token.
    const [path] = request.url.split('?')
    const tookMs = Math.round(reply.elapsedTime)
    log.debug('answered', { method: request.method, path, status: reply.statusCode, tookMs })
    done()
  })
  app.setNotFoundHandler((_request, reply) => {
    const ref = randomUUID().slice(0, 8)
    reply
      .code(404)
      .send({ error: { code: 'not_found', message: 'There is no such address.', ref } })
  })
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const ref = randomUUID().slice(0, 8)
    const status = error.statusCode ?? 500
    if (status < 500) {
      reply.code(status).send({ error: { code: requestCode(status), message: error.message, ref } })
      return
    }
    const [path] = request.url.split('?')
    log.error('a request failed', { ref, path, why: error.message, where: error.stack })
    const message = 'The backend failed; its log has the reason under this reference.'
    reply.code(status).send({ error: { code: 'internal', message, ref } })
  })
  return app
}

function requestCode(status: number): string {
  return status === 413 ? 'body_too_large' : 'request_invalid'
}

/** The port that it came to be. @throws ConfigError when the address cannot be had */
export async function listen(
  app: FastifyInstance,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<number> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    if (code === 'EADDRINUSE') {
      throw new ConfigError(`--port ${port} is in use; choose another one, or 0 for any free one`)
    }
    if (code === 'EACCES') {
      throw new ConfigError(`--port ${port} is not ours to take: choose one above 1023`)
    }
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new ConfigError(`HOST ${host} is no address of this machine`)
    }
    throw error
  }
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}
