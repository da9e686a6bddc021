import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { refuse } from './auth-answers.ts'
import { askerOf, type AuthContext } from './auth-context.ts'
import { allow, deny } from './auth-oauth-consent.ts'
import { unlinkIdentity } from './auth-oauth-identities.ts'
import { sendConsentPage, sendLostPage } from './auth-oauth-page.ts'
import { oauthRefusals, refuseProvider } from './auth-oauth-providers.ts'
import {
  browserOf,
  ConsentRequests,
  markBrowser,
  type ConsentRequest,
} from './auth-oauth-request.ts'
import { readChallenge } from './auth-pkce-flow.ts'
import { recognise } from './auth-recognise.ts'
import { chooseRedirect } from './auth-redirects.ts'

/** A parameter that came twice counts as none. */
const text = z.string().catch('')
const authorizeQuery = z.object({
  provider: text,
  redirect_to: text,
  code_challenge: text,
  code_challenge_method: text,
  skip_http_redirect: text,
})
const consentQuery = z.object({ request: text })
const consentForm = z.object({ request: text, email: text, password: text, decision: text })
const identityPath = z.object({ identityId: z.uuid() })

/** What a browser opens, without an API key: `/authorize`, and the page that asks. */
export function registerAuthorize(app: FastifyInstance, context: AuthContext): void {
  const requests = new ConsentRequests()
  addAuthorize(app, context, requests)
  app.get('/consent', async (request, reply) => {
    const { request: sealed } = consentQuery.parse(request.query)
    const asked = await requests.open(sealed, browserOf(request))
    if (asked === null) return sendLostPage(reply)
    return sendConsentPage(reply, { sealed, redirectTo: asked.redirectTo, email: '', alert: null })
  })
  app.register((forms, _options, done) => {
    parseForms(forms)
    forms.post('/consent', async (request, reply) => {
      const form = consentForm.parse(request.body ?? {})
      const asked = await requests.open(form.request, browserOf(request))
      if (asked === null || !isOwnPage(request)) return sendLostPage(reply)
      if (form.decision !== 'allow') return leave(reply, deny(asked))
      return decide(request, reply, { context, asked, form })
    })
    done()
  })
}

function addAuthorize(app: FastifyInstance, context: AuthContext, requests: ConsentRequests): void {
  app.get('/authorize', async (request, reply) => {
    const query = authorizeQuery.parse(request.query)
    const unusable = refuseProvider(query.provider)
    if (unusable !== null) return refuse(request, reply, unusable)
    const challenge = readChallenge(query.code_challenge, query.code_challenge_method)
    if (!challenge.ok) return refuse(request, reply, challenge.refusal)
    const redirectTo = chooseRedirect(context.config, query.redirect_to)
    const asked = { redirectTo, challenge: challenge.value }
    const sealed = await requests.seal(asked, markBrowser(request, reply))
    const url = `${context.issuerUrl()}/consent?request=${sealed}`
    if (query.skip_http_redirect === 'true') return reply.send({ url })
    // Relative: the cookie belongs to the host name that the browser used.
    return leave(reply, `consent?request=${sealed}`, 302)
  })
}

interface Answer {
  readonly context: AuthContext
  readonly asked: ConsentRequest
  readonly form: z.infer<typeof consentForm>
}

async function decide(
  request: FastifyRequest,
  reply: FastifyReply,
  { context, asked, form }: Answer,
): Promise<FastifyReply> {
  const asker = askerOf(request)
  const { email, password } = form
  const outcome = await recognise(context, { email, password, ip: asker.ip })
  if (outcome.ok) {
    return leave(reply, await allow(context, asked, { user: outcome.value, asker }))
  }
  const { status, message: alert } = outcome.refusal
  const { redirectTo } = asked
  const page = { sealed: form.request, redirectTo, email: email.slice(0, 320), alert }
  return sendConsentPage(reply.code(status), page)
}

function leave(reply: FastifyReply, to: string, status = 303): FastifyReply {
  return reply.header('cache-control', 'no-store').redirect(to, status)
}

/** Besides the cookie: a form of another site says where it comes from. */
function isOwnPage({ headers: { origin, host } }: FastifyRequest): boolean {
  return origin === undefined || URL.parse(origin)?.host === host
}

function parseForms(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string', bodyLimit: 16_384 }, (_, body, parsed) => {
    parsed(null, Object.fromEntries(new URLSearchParams(String(body))))
  })
}

/** What is left of other providers, and how an identity is taken away again. */
export function registerIdentities(app: FastifyInstance, context: AuthContext): void {
  const { authenticate, database } = context
  app.post('/sso', (request, reply) => refuse(request, reply, oauthRefusals.samlOff))
  app.get('/user/identities/authorize', async (request, reply) => {
    const access = await authenticate(request.headers.authorization)
    return refuse(request, reply, access.ok ? oauthRefusals.linkingOff : access.refusal)
  })
  app.delete('/user/identities/:identityId', async (request, reply) => {
    const access = await authenticate(request.headers.authorization)
    if (!access.ok) return refuse(request, reply, access.refusal)
    const path = identityPath.safeParse(request.params)
    if (!path.success) return refuse(request, reply, oauthRefusals.identityIdWrong)
    const outcome = await unlinkIdentity(database, access.value.user, path.data.identityId)
    return outcome.ok ? reply.send({}) : refuse(request, reply, outcome.refusal)
  })
}
