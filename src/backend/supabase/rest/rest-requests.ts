import type { FastifyRequest } from 'fastify'
import type { Caller, Database } from '../../database/database.ts'
import type { Log } from '../../log.ts'
import type { TokenCheck } from '../../tokens/token-check.ts'
import type { ApiKeys } from '../api-keys.ts'
import { callerOf } from './access.ts'
import type { Asked } from './asked.ts'
import { translate } from './database-errors.ts'
import { negotiateDescription } from './media.ts'
import { describeSchema } from './openapi.ts'
import { parsePreferences } from './preferences.ts'
import { prepareCall } from './prepare-call.ts'
import { prepareMutation } from './prepare-mutation.ts'
import { prepareRead } from './prepare-read.ts'
import { refusals, RestError } from './rest-error.ts'
import { run } from './run.ts'
import { SchemaCache } from './schema-cache.ts'
import { mayBeNew } from './schema-refusals.ts'
import { exposedSchema, type Schema } from './schema.ts'
import type { Answer, Prepared } from './statement.ts'

export interface RestContext {
  readonly database: Database
  readonly apiKeys: ApiKeys
  readonly check: TokenCheck
  readonly log: Log
}

/** From a request to its answer: who asks, what is asked, what the schema knows of it, the rows. */
export class RestRequests {
  readonly #context: RestContext
  readonly #cache: SchemaCache

  constructor(context: RestContext) {
    this.#context = context
    this.#cache = new SchemaCache(context.database, context.log)
  }

  /** @throws RestError; anything else is our own failure */
  async answer(request: FastifyRequest): Promise<Answer> {
    const { apiKeys, check, database } = this.#context
    const search = request.url.replace(/^[^?]*\??/, '')
    const { authorization, apikey } = request.headers
    const inQuery = new URLSearchParams(search).get('apikey')
    const apiKey = typeof apikey === 'string' && apikey !== '' ? apikey : inQuery
    const caller = await callerOf(apiKeys.bearerFor({ authorization, apiKey }), check)
    const asked = readRequest(request, search)
    try {
      if (asked.kind === 'root') return describe(asked, caller, await this.#cache.get())
      const prepared = await this.#prepare(asked)
      const { method, headers } = request
      return await run(database, prepared, { caller, method, path: pathOf(asked), headers })
    } catch (error) {
      throw translate(error, caller.role !== 'anon') ?? error
    }
  }

  /** What is unknown may be new: the schema is read again once, and not too often. */
  async #prepare(asked: Asked): Promise<Prepared> {
    const schema = await this.#cache.get()
    try {
      return prepare(asked, schema)
    } catch (error) {
      const refreshed = mayBeNew(error) ? await this.#cache.refreshed(schema) : null
      if (refreshed === null) throw error
      return prepare(asked, refreshed)
    }
  }
}

function prepare(asked: Asked, schema: Schema): Prepared {
  if (asked.kind === 'routine') return prepareCall(asked, schema)
  if (asked.method === 'GET' || asked.method === 'HEAD') return prepareRead(asked, schema)
  return prepareMutation(asked, schema)
}

/** @throws RestError PGRST102, 106, 122, 125 */
function readRequest(request: FastifyRequest, search: string): Asked {
  const { headers, body } = request
  const method = request.method as Asked['method']
  const { '*': wildcard = '' } = request.params as Readonly<Record<string, string>>
  requireProfile(
    headers[method === 'GET' || method === 'HEAD' ? 'accept-profile' : 'content-profile'],
  )
  if (method !== 'GET' && method !== 'HEAD' && method !== 'DELETE') {
    requireType(headers['content-type'])
  }
  return {
    method,
    ...resourceAt(wildcard),
    search,
    headers,
    body: typeof body === 'string' ? body : '',
    preferences: parsePreferences(headers.prefer),
  }
}

function resourceAt(path: string): Pick<Asked, 'kind' | 'name'> {
  const [first = '', second, ...others] = path.split('/')
  if (path.includes('\0') || others.length > 0) throw refusals.path()
  if (first === '' && second === undefined) return { kind: 'root', name: '' }
  if (second === undefined) return { kind: 'table', name: first }
  if (first !== 'rpc' || second === '') throw refusals.path()
  return { kind: 'routine', name: second }
}

function requireProfile(profile: string | string[] | undefined): void {
  const asked = String(profile ?? exposedSchema)
  if (asked !== exposedSchema) throw refusals.schema(asked, exposedSchema)
}

/** Rows come as JSON; `text/plain` is one argument of a function. */
function requireType(type = 'application/json'): void {
  const [name = ''] = type.toLowerCase().split(';', 1)
  if (
    ['application/json', 'application/vnd.pgrst.object+json', 'text/plain'].includes(name.trim())
  ) {
    return
  }
  throw refusals.body(`Content-Type not acceptable: ${type}`)
}

/** For the secret key alone, as at Supabase's API gateway. */
function describe(asked: Asked, { role }: Caller, schema: Schema): Answer {
  if (asked.method !== 'GET' && asked.method !== 'HEAD') throw refusals.method(asked.method)
  if (role !== 'service_role') {
    throw new RestError(403, {
      code: '42501',
      message: 'The description of the schema is only for the secret key',
    })
  }
  const contentType = negotiateDescription(asked.headers.accept)
  const body = JSON.stringify(describeSchema(schema))
  return { status: 200, headers: { 'content-type': contentType }, body }
}

function pathOf({ kind, name }: Asked): string {
  return kind === 'routine' ? `/rpc/${name}` : `/${name}`
}
