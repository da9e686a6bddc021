import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ApiKeys } from './api-keys.ts'

/** Refuses whoever brings none of the project's keys, in the words of Supabase's API gateway. */
export function requireApiKey(app: FastifyInstance, apiKeys: ApiKeys): void {
  app.addHook('onRequest', (request, reply, done) => {
    const key = keyOf(request)
    if (key !== null && apiKeys.roleOf(key) !== null) {
      done()
      return
    }
    reply.code(401).send(
      key === null
        ? {
            message: 'No API key found in request',
            hint: 'No `apikey` request header or url param was found.',
          }
        : {
            message: 'Invalid API key',
            hint: 'Double check your Supabase `anon` or `service_role` API key.',
          },
    )
  })
}

function keyOf(request: FastifyRequest): string | null {
  const { apikey } = request.headers
  if (typeof apikey === 'string' && apikey !== '') return apikey
  const asked = new URLSearchParams(request.url.split('?')[1] ?? '').get('apikey')
  return asked === '' ? null : asked
}
