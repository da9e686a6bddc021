import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ApiKeys } from './api-keys.ts'

const noKey = {
  message: 'No API key found in request',
  hint: 'No `apikey` request header or url param was found.',
}
const wrongKey = {
  message: 'Invalid API key',
  hint: 'Double check your Supabase `anon` or `service_role` API key.',
}
export const secretInBrowser = {
  message: 'Forbidden use of secret API key in browser',
  hint: 'Secret API keys can only be used in a protected environment and should never be used in a browser.',
}

/** Refuses whoever brings none of the project's keys, in the words of Supabase's API gateway. */
export function requireApiKey(app: FastifyInstance, apiKeys: ApiKeys): void {
  app.addHook('onRequest', (request, reply, done) => {
    const key = keyOf(request)
    if (key === null) reply.code(401).send(noKey)
    else if (apiKeys.roleOf(key) === null) reply.code(401).send(wrongKey)
    else if (isSecretInBrowser(key, request.headers)) reply.code(401).send(secretInBrowser)
    else done()
  })
}

/** Whoever finds the secret key in a browser has published it. The legacy keys are not held to this. */
export function isSecretInBrowser(key: string, headers: IncomingHttpHeaders): boolean {
  return key.startsWith('sb_secret_') && headers['user-agent']?.startsWith('Mozilla/') === true
}

function keyOf(request: FastifyRequest): string | null {
  const { apikey } = request.headers
  if (typeof apikey === 'string' && apikey !== '') return apikey
  const asked = new URLSearchParams(request.url.replace(/^[^?]*\??/, '')).get('apikey')
  return asked === '' ? null : asked
}
