import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { requireAdmin } from './auth-admin-access.ts'
import { readUserChange } from './auth-admin-body.ts'
import { deleteUser, deleteUserSoftly } from './auth-admin-delete.ts'
import { generateLink, invite } from './auth-admin-links.ts'
import { linkHeader, listUsers, readListing } from './auth-admin-list.ts'
import { changeUser, createUser, findAnyUser } from './auth-admin-users.ts'
import { refuse } from './auth-answers.ts'
import type { AuthContext } from './auth-context.ts'
import { registerAdminFeaturesOff } from './auth-features-off.ts'
import { findFactor, removeFactor } from './auth-mfa-factors.ts'
import { mfaRefusals } from './auth-mfa-refusals.ts'
import { refused, weakPassword, type AuthOutcome } from './auth-outcome.ts'
import { userBody, type UserRow } from './auth-users.ts'

const refusal = (code: string, message: string) => ({ status: 404, code, message })
const idWrong = refusal('validation_failed', 'user_id must be an UUID')
const unknown = refusal('user_not_found', 'User not found')
const noPasskey = refusal('validation_failed', 'Passkey not found')

const userPath = z.object({ userId: z.uuid() })
const factorPath = z.object({ factorId: z.uuid() })
const deleteBody = z.object({ should_soft_delete: z.boolean().nullish() }).catch({})
const redirectQuery = z.object({ redirect_to: z.string().catch('') })

/** `/admin` and `/invite`: for servers that hold the project's secret key. */
export function registerAdmin(app: FastifyInstance, context: AuthContext): void {
  app.register((admin, _options, done) => {
    requireAdmin(admin, context)
    addUsers(admin, context)
    addUser(admin, context)
    addFactors(admin, context)
    addPasskeys(admin, context)
    addLinks(admin, context)
    registerAdminFeaturesOff(admin)
    done()
  })
}

function addUsers(app: FastifyInstance, context: AuthContext): void {
  const { database, passwordCost } = context
  app.get('/admin/users', async (request, reply) => {
    const listing = readListing(request.query)
    if (!listing.ok) return refuse(request, reply, listing.refusal)
    const { users, total } = await listUsers(database, listing.value)
    reply.header('x-total-count', total).header('link', linkHeader(listing.value, total))
    return reply.send({ users: users.map(userBody), aud: 'authenticated' })
  })
  app.post('/admin/users', async (request, reply) => {
    const change = readUserChange(request.body)
    if (!change.ok) return refuse(request, reply, change.refusal)
    const made = await database.tx((inside) => createUser({ inside, passwordCost }, change.value))
    return answerUser(request, reply, { context, made })
  })
}

function addUser(app: FastifyInstance, context: AuthContext): void {
  const { database, passwordCost, config } = context
  app.get('/admin/users/:userId', async (request, reply) => {
    const user = await findAsked(request, context)
    return user.ok ? reply.send(userBody(user.value)) : refuse(request, reply, user.refusal)
  })
  app.put('/admin/users/:userId', async (request, reply) => {
    const user = await findAsked(request, context)
    if (!user.ok) return refuse(request, reply, user.refusal)
    const change = readUserChange(request.body)
    if (!change.ok) return refuse(request, reply, change.refusal)
    const least = config.minimumPasswordLength
    const { password } = change.value
    if (password !== undefined && password.length < least) {
      return refuse(request, reply, weakPassword(least))
    }
    const made = await database.tx((inside) =>
      changeUser({ inside, passwordCost }, user.value.id, change.value),
    )
    return answerUser(request, reply, { context, made })
  })
  app.delete('/admin/users/:userId', async (request, reply) => {
    const user = await findAsked(request, context)
    if (!user.ok) return refuse(request, reply, user.refusal)
    const { should_soft_delete: softly } = deleteBody.parse(request.body)
    await database.tx((inside) =>
      softly === true ? deleteUserSoftly(inside, user.value) : deleteUser(inside, user.value.id),
    )
    return reply.send({})
  })
}

function addFactors(app: FastifyInstance, context: AuthContext): void {
  const { database } = context
  app.get('/admin/users/:userId/factors', async (request, reply) => {
    const user = await findAsked(request, context)
    return user.ok ? reply.send(user.value.factors) : refuse(request, reply, user.refusal)
  })
  app.delete('/admin/users/:userId/factors/:factorId', async (request, reply) => {
    const user = await findAsked(request, context)
    if (!user.ok) return refuse(request, reply, user.refusal)
    const path = factorPath.safeParse(request.params)
    if (!path.success) return refuse(request, reply, mfaRefusals.idWrong)
    const factor = await findFactor(database, user.value.id, path.data.factorId)
    if (factor === null) return refuse(request, reply, mfaRefusals.unknown)
    await database.tx((inside) => removeFactor(inside, factor.id))
    return reply.send(user.value.factors.find(({ id }) => id === factor.id))
  })
}

/** Nobody has any: they cannot be registered here. */
function addPasskeys(app: FastifyInstance, context: AuthContext): void {
  app.get('/admin/users/:userId/passkeys', async (request, reply) => {
    const user = await findAsked(request, context)
    return user.ok ? reply.send([]) : refuse(request, reply, user.refusal)
  })
  app.delete('/admin/users/:userId/passkeys/:passkeyId', async (request, reply) => {
    const user = await findAsked(request, context)
    return refuse(request, reply, user.ok ? noPasskey : user.refusal)
  })
}

function addLinks(app: FastifyInstance, context: AuthContext): void {
  app.post('/admin/generate_link', async (request, reply) => {
    const { redirect_to: redirectTo } = redirectQuery.parse(request.query)
    const outcome = await generateLink(context, request.body, redirectTo)
    reply.header('cache-control', 'no-store')
    return outcome.ok ? reply.send(outcome.value) : refuse(request, reply, outcome.refusal)
  })
  app.post('/invite', async (request, reply) => {
    const { redirect_to: redirectTo } = redirectQuery.parse(request.query)
    const outcome = await invite(context, request.body, redirectTo)
    return outcome.ok ? reply.send(outcome.value) : refuse(request, reply, outcome.refusal)
  })
}

async function findAsked(
  request: FastifyRequest,
  { database }: AuthContext,
): Promise<AuthOutcome<UserRow>> {
  const path = userPath.safeParse(request.params)
  if (!path.success) return refused(idWrong)
  const user = await findAnyUser(database, path.data.userId)
  return user === null ? refused(unknown) : { ok: true, value: user }
}

interface Made {
  readonly context: AuthContext
  readonly made: AuthOutcome<string>
}

async function answerUser(
  request: FastifyRequest,
  reply: FastifyReply,
  { context, made }: Made,
): Promise<FastifyReply> {
  if (!made.ok) return refuse(request, reply, made.refusal)
  const user = await findAnyUser(context.database, made.value)
  return user === null ? refuse(request, reply, unknown) : reply.send(userBody(user))
}
