import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { refuse } from './auth-answers.ts'
import type { AuthContext } from './auth-context.ts'
import { refusals } from './auth-outcome.ts'
import { userBody } from './auth-users.ts'

const scopes = ['global', 'local', 'others'] as const
const logoutQuery = z.object({ scope: z.enum(scopes).default('global') })

/** `/user` and `/logout`: what the holder of a session does with themselves. */
export function registerUser(app: FastifyInstance, context: AuthContext): void {
  const { database, authenticate } = context
  app.get('/user', async (request, reply) => {
    const access = await authenticate(request.headers.authorization)
    if (!access.ok) return refuse(request, reply, access.refusal)
    return reply.send(userBody(access.value.user))
  })
  app.post('/logout', async (request, reply) => {
    const access = await authenticate(request.headers.authorization)
    if (!access.ok) return refuse(request, reply, access.refusal)
    const query = logoutQuery.safeParse(request.query)
    if (!query.success) return refuse(request, reply, refusals.scopeUnknown)
    const { user, sessionId } = access.value
    await database.query(
      `delete from auth.sessions where user_id = $1 and case $3
         when 'local' then id = $2 when 'others' then id <> $2 else true end`,
      [user.id, sessionId, query.data.scope],
    )
    return reply.code(204).send()
  })
}
