import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { answerGrant, refuse } from './auth-answers.ts'
import { askerOf, type AuthContext } from './auth-context.ts'
import { Grants } from './auth-grants.ts'
import { refusals } from './auth-outcome.ts'

const signUpBody = z.object({
  email: z.email(),
  password: z.string(),
  data: z
    .record(z.string(), z.unknown())
    .nullish()
    .transform((data) => data ?? {}),
})

/** `/signup`. */
export function registerSignUp(app: FastifyInstance, context: AuthContext): void {
  const grants = new Grants(context)
  app.post('/signup', async (request, reply) => {
    const body = signUpBody.safeParse(request.body)
    if (!body.success) return refuse(request, reply, refusals.noIdentifier)
    return answerGrant(request, reply, await grants.signUp(body.data, askerOf(request)))
  })
}
