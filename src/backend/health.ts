import type { FastifyInstance } from 'fastify'
import about from '../../package.json' with { type: 'json' }
import type { Database } from './database/database.ts'

/** `unavailable`: the server cannot be read for changes. `elsewhere`: another process serves it. */
export type RealtimeHealth = 'up' | 'off' | 'unavailable' | 'elsewhere'

export interface HealthOptions {
  readonly database: Database
  readonly realtime: () => RealtimeHealth
}

const withinMs = 3_000

/** `GET /health` (gateway-protocol §2): 503 while the database does not answer. */
export function serveHealth(app: FastifyInstance, { database, realtime }: HealthOptions): void {
  app.get('/health', async (_request, reply) => {
    const up = await answers(database)
    return reply.code(up ? 200 : 503).send({
      status: up ? 'ok' : 'degraded',
      version: about.version,
      database: up ? 'up' : 'down',
      realtime: realtime(),
    })
  })
}

/** A server that is silent is as good as gone. */
async function answers(database: Database): Promise<boolean> {
  let late: NodeJS.Timeout | undefined
  const silence = new Promise<false>((resolve) => {
    late = setTimeout(() => resolve(false), withinMs)
  })
  const answer = database.query('select 1').then(
    () => true,
    () => false,
  )
  return Promise.race([answer, silence]).finally(() => clearTimeout(late))
}
