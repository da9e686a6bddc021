import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { isSecretInBrowser } from '../api-key-door.ts'
import type { ApiKeys } from '../api-keys.ts'
import { parseJson } from '../auth-json.ts'
import type { Access, JudgeToken } from './access.ts'
import { mostBytesOfAName, type UserBroadcast } from './frames.ts'
import type { Policies } from './policies.ts'
import { RateMeter } from './rate-meter.ts'
import type { RealtimeLimits } from './realtime-limits.ts'
import type { Bus, Content, TopicName } from './topics.ts'

export interface BroadcastRoutesContext {
  readonly apiKeys: ApiKeys
  readonly judge: JudgeToken
  readonly policies: Policies
  readonly bus: Bus
  readonly limits: RealtimeLimits
}

const name = z.string().min(1).max(mostBytesOfAName)
const batch = z.object({
  messages: z
    .array(
      z.object({
        topic: name,
        event: z.string().min(1),
        payload: z.record(z.string(), z.unknown()),
        private: z.boolean().default(false),
      }),
    )
    .max(1_000),
})

/** Callers whose rate is remembered. */
const mostMeters = 1_000

/** Broadcasts over HTTP: one as the address says it, or a list (supabase.md §3). */
export function registerBroadcasts(app: FastifyInstance, context: BroadcastRoutesContext): void {
  const { limits } = context
  const bodyLimit = limits.broadcastBytes
  const meters = new Meters(limits.eventsPerSecond)
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_, body, done) =>
    done(null, body),
  )
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_, body, done) => {
    try {
      done(null, parseJson(String(body)))
    } catch {
      done(Object.assign(new Error('The body is no JSON, or nests too deep'), { statusCode: 400 }))
    }
  })

  app.post('/api/broadcast', { bodyLimit }, async (request, reply) => {
    const access = await enter(request, context)
    if (access === null) return reply.code(401).send({ message: 'Unauthorized' })
    const parsed = batch.safeParse(request.body)
    if (!parsed.success) return unprocessable(reply, parsed.error)
    for (const { topic, event, payload, private: isPrivate } of parsed.data.messages) {
      if (!meters.take(access)) return tooMany(reply)
      const on = { name: topic, isPrivate }
      // As the real server: what a private topic forbids is left out without a word.
      if (!(await mayWrite(on, access, context))) continue
      context.bus.publish(on, { payload: JSON.stringify({ type: 'broadcast', event, payload }) })
    }
    return reply.code(202).send()
  })

  app.post<{ Params: { topic: string; event: string }; Querystring: { private?: string } }>(
    '/api/broadcast/:topic/events/:event',
    { bodyLimit },
    async (request, reply) => {
      const access = await enter(request, context)
      if (access === null) return reply.code(401).send({ message: 'Unauthorized' })
      const { topic, event } = request.params
      const fault = faultOf(topic, event, request.body)
      if (fault !== null) return reply.code(422).send({ errors: fault })
      if (!meters.take(access)) return tooMany(reply)
      const on = { name: topic, isPrivate: request.query.private === 'true' }
      if (!(await mayWrite(on, access, context))) {
        return reply.code(403).send({ message: 'Unauthorized' })
      }
      context.bus.publish(on, contentOf(event, request.body))
      return reply.code(202).send()
    },
  )
  app.get('/api/ping', () => ({ message: 'Success' }))
}

async function enter(
  { headers }: FastifyRequest,
  { apiKeys, judge }: BroadcastRoutesContext,
): Promise<Access | null> {
  const apiKey = typeof headers.apikey === 'string' ? headers.apikey : null
  if (apiKey !== null && isSecretInBrowser(apiKey, headers)) return null
  const token = apiKeys.bearerFor({ authorization: headers.authorization, apiKey })
  if (token === null) return null
  const verdict = await judge(token)
  return verdict.ok ? verdict.access : null
}

async function mayWrite(
  topic: TopicName,
  { caller }: Access,
  { policies }: BroadcastRoutesContext,
): Promise<boolean> {
  return !topic.isPrivate || (await policies.write(topic.name, caller)).broadcast
}

function contentOf(event: string, body: unknown): Content {
  const encoding: UserBroadcast['encoding'] = Buffer.isBuffer(body) ? 'binary' : 'json'
  const content = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body))
  return { event, encoding, content }
}

/** Field by field, in the words of the real server. */
function faultOf(topic: string, event: string, body: unknown): Record<string, string[]> | null {
  const fits = (text: string): boolean => text !== '' && Buffer.byteLength(text) <= mostBytesOfAName
  if (!fits(topic)) return { topic: ['should have 1 to 255 bytes'] }
  if (!fits(event)) return { event: ['should have 1 to 255 bytes'] }
  if (body === undefined || body === null) return { payload: [`can't be blank`] }
  return null
}

function unprocessable(reply: FastifyReply, error: z.ZodError): FastifyReply {
  const [issue] = error.issues
  const field = issue?.path.join('.') ?? ''
  return reply.code(422).send({ errors: { [field]: [issue?.message ?? 'is invalid'] } })
}

function tooMany(reply: FastifyReply): FastifyReply {
  return reply.code(429).send({ message: 'You have exceeded your rate limit' })
}

/** One caller's broadcasts do not use up another's. */
class Meters {
  readonly #perSecond: number
  readonly #meters = new Map<string, RateMeter>()

  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  take({ caller, sessionId }: Access): boolean {
    const who = sessionId ?? caller.role
    const meter = this.#meters.get(who) ?? new RateMeter(this.#perSecond)
    this.#meters.delete(who)
    this.#meters.set(who, meter)
    const [oldest] = this.#meters.keys()
    if (this.#meters.size > mostMeters && oldest !== undefined) this.#meters.delete(oldest)
    return meter.take()
  }
}
