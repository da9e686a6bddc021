import type { FastifyInstance } from 'fastify'
import type { Database } from '../../database/database.ts'
import type { Log } from '../../log.ts'
import type { TokenCheck } from '../../tokens/token-check.ts'
import { requireApiKey } from '../api-key-door.ts'
import type { ApiKeys } from '../api-keys.ts'

export interface RestContext {
  readonly database: Database
  readonly apiKeys: ApiKeys
  readonly check: TokenCheck
  readonly log: Log
}

/** `/rest/v1` as an unmodified supabase-js expects it (supabase.md §3). */
export function registerRest(app: FastifyInstance, { apiKeys }: RestContext): void {
  requireApiKey(app, apiKeys)
  app.setNotFoundHandler((request, reply) => {
    const [table = ''] = request.url.replace(/^\/rest\/v1\/?/, '').split('?')
    const message = `Could not find the table 'public.${table}' in the schema cache`
    reply.code(404).send({ code: 'PGRST205', details: null, hint: null, message })
  })
}
