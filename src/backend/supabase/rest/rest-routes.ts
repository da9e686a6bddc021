import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify'
import type { Log } from '../../log.ts'
import { requireApiKey } from '../api-key-door.ts'
import { translate } from './database-errors.ts'
import { refusals, RestError } from './rest-error.ts'
import { RestRequests, type RestContext } from './rest-requests.ts'

const methods = ['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE'] as const

/** `/rest/v1` as an unmodified supabase-js expects it (supabase.md §3, and PostgREST's sources). */
export function registerRest(app: FastifyInstance, context: RestContext): void {
  const requests = new RestRequests(context)
  parseEveryBodyAsText(app)
  requireApiKey(app, context.apiKeys)
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    refuse(reply, explain(error, context.log))
  })
  app.setNotFoundHandler((request, reply) => {
    const known = (methods as readonly string[]).includes(request.method)
    refuse(reply, known ? refusals.path() : refusals.method(request.method))
  })
  app.route({
    method: [...methods],
    url: '/*',
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const { status, headers, body } = await requests.answer(request)
      return reply.code(status).headers(headers).send(body)
    },
  })
}

/** What a body means depends on the address; PostgreSQL reads the JSON itself. */
function parseEveryBodyAsText(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    done(null, body)
  })
}

function refuse(reply: FastifyReply, { status, headers, body }: RestError): void {
  const type = { 'content-type': 'application/json; charset=utf-8' }
  reply
    .code(status)
    .headers({ ...type, 'proxy-status': `PostgREST; error=${body.code}`, ...headers })
    .send(JSON.stringify(body))
}

function explain(error: FastifyError, log: Log): RestError {
  const known = translate(error, true)
  if (known !== null) return known
  if (error.statusCode === 413) return refusals.bodyTooLarge()
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return refusals.body('Empty or invalid json')
  }
  log.error('a REST request failed', { why: error.message, where: error.stack })
  return new RestError(500, { code: 'PGRSTX00', message: 'Internal error; the log has the reason' })
}
