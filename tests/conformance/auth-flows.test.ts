import type { Provider, SupabaseClient } from '@supabase/supabase-js'
import { decodeJwt } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startTestBackend, type TestBackend } from '../support/backend.ts'
import { ConsentBrowser } from '../support/consent-browser.ts'
import { SupabaseClients } from '../support/supabase-clients.ts'

let backend: TestBackend
let clients: SupabaseClients
const redirectTo = 'signalbox://auth/callback'
/** supabase-js knows the names of real providers only. */
const provider = 'signalbox' as Provider

beforeAll(async () => {
  backend = await startTestBackend({
    idle: true,
    auth: { redirectUrls: ['signalbox://auth/**', 'https://*.example.test/back'] },
  })
  clients = new SupabaseClients(backend)
})
afterEach(() => clients.dispose())
afterAll(() => backend.stop())

/** Starts at supabase-js, allows at the page; where it leads. */
async function consent(
  client: SupabaseClient,
  decision: 'allow' | 'deny' = 'allow',
  to = redirectTo,
) {
  const options = { redirectTo: to, skipBrowserRedirect: true }
  const { data, error } = await client.auth.signInWithOAuth({ provider, options })
  if (error !== null) throw error
  const browser = new ConsentBrowser()
  const page = await browser.open(data.url)
  const { email, password } = backend.users[0]!
  const answer = await browser.submit(page, { email, password, decision })
  expect(answer.status).toBe(303)
  return new URL(answer.headers.get('location') ?? '')
}

describe('signInWithOAuth and exchangeCodeForSession', () => {
  it('come back to a scheme of the app with a code, and the code is a session', async () => {
    const client = clients.connect({ flowType: 'pkce' })
    const events: string[] = []
    client.auth.onAuthStateChange((event) => void events.push(event))
    const back = await consent(client)
    expect(back.href).toMatch(/^signalbox:\/\/auth\/callback\?code=[0-9a-f-]{36}$/)
    const code = back.searchParams.get('code') ?? ''
    const { data, error } = await client.auth.exchangeCodeForSession(code)
    expect(error).toBeNull()
    expect(data.session?.user.email).toBe('alice@acme.test')
    expect(events).toContain('SIGNED_IN')
    expect(decodeJwt(data.session!.access_token)).toMatchObject({
      aal: 'aal1',
      amr: [{ method: 'oauth' }],
      app_metadata: { tenant_id: 'acme-freight', providers: ['email', 'signalbox'] },
    })
    expect((await client.auth.refreshSession()).error).toBeNull()
  })

  it('take a code once, and by nobody but whoever asked for it', async () => {
    const [client, thief] = [
      clients.connect({ flowType: 'pkce' }),
      clients.connect({ flowType: 'pkce' }),
    ]
    const code = (await consent(client)).searchParams.get('code') ?? ''
    await thief.auth.signInWithOAuth({ provider, options: { skipBrowserRedirect: true } })
    const stolen = await thief.auth.exchangeCodeForSession(code)
    expect(stolen.error).toMatchObject({ status: 400, code: 'bad_code_verifier' })
    expect((await client.auth.exchangeCodeForSession(code)).error).toBeNull()
    await client.auth.signInWithOAuth({ provider, options: { skipBrowserRedirect: true } })
    const again = await client.auth.exchangeCodeForSession(code)
    expect(again.error).toMatchObject({ status: 404, code: 'flow_state_not_found' })
  })

  it('come back with the session in the fragment where no code is wanted', async () => {
    const client = clients.connect()
    const back = await consent(client, 'allow', 'https://desk.example.test/back')
    expect(back.search).toBe('')
    const fragment = new URLSearchParams(back.hash.slice(1))
    const { error } = await client.auth.setSession({
      access_token: fragment.get('access_token') ?? '',
      refresh_token: fragment.get('refresh_token') ?? '',
    })
    expect(error).toBeNull()
    expect(fragment.get('token_type')).toBe('bearer')
  })

  it('come back with access_denied after a refusal', async () => {
    const back = await consent(clients.connect({ flowType: 'pkce' }), 'deny')
    expect(back.searchParams.get('error')).toBe('access_denied')
    expect(back.searchParams.get('error_description')).toBe('The user denied the request')
    expect(back.hash).toContain('error=access_denied')
  })

  it('lead to the site when the address is not allowed', async () => {
    for (const elsewhere of ['https://evil.test/back', 'javascript://127.0.0.1/%0aalert(1)']) {
      const back = await consent(clients.connect({ flowType: 'pkce' }), 'allow', elsewhere)
      expect(back.origin).toBe('http://127.0.0.1:3000')
    }
  })
})

describe('identities', () => {
  it('are listed and unlinked, except for the last one', async () => {
    const client = clients.connect({ flowType: 'pkce' })
    const code = (await consent(client)).searchParams.get('code') ?? ''
    await client.auth.exchangeCodeForSession(code)
    const { data } = await client.auth.getUserIdentities()
    expect(data?.identities.map((one) => one.provider)).toEqual(['email', 'signalbox'])
    const linked = data!.identities[1]!
    const strange = await client.auth.unlinkIdentity({ ...linked, identity_id: linked.user_id })
    expect(strange.error).toMatchObject({ status: 422, code: 'identity_not_found' })
    expect((await client.auth.unlinkIdentity(linked)).error).toBeNull()
    const last = await client.auth.unlinkIdentity(data!.identities[0]!)
    expect(last.error).toMatchObject({ status: 422, code: 'single_identity_not_deletable' })
    const { data: kept } = await client.auth.getUser()
    expect(kept.user?.app_metadata).toMatchObject({ provider: 'email', providers: ['email'] })
  })

  it('are not linked to those of other providers', async () => {
    const client = await clients.signedIn()
    const link = await client.auth.linkIdentity({ provider: 'github' })
    expect(link.error).toMatchObject({ status: 404, code: 'manual_linking_disabled' })
    const byToken = await client.auth.linkIdentity({ provider: 'google', token: 'token' })
    expect(byToken.error).toMatchObject({ status: 400, code: 'provider_disabled' })
  })
})

describe('providers that are not set up', () => {
  it.each([
    ['github', 'Unsupported provider: provider is not enabled'],
    ['nobody', 'Unsupported provider: Provider nobody could not be found'],
  ])('are refused: %s', async (name, message) => {
    const { data } = await clients
      .connect()
      .auth.signInWithOAuth({ provider: name as Provider, options: { skipBrowserRedirect: true } })
    const response = await fetch(data.url!, { redirect: 'manual' })
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      code: 400,
      error_code: 'validation_failed',
      msg: message,
    })
  })

  it('also by ID token, by SSO and by a wallet', async () => {
    const { auth } = clients.connect()
    const token = await auth.signInWithIdToken({ provider: 'google', token: 'token' })
    expect(token.error).toMatchObject({ status: 400, code: 'provider_disabled' })
    const sso = await auth.signInWithSSO({ domain: 'acme.test' })
    expect(sso.error).toMatchObject({ status: 404, code: 'saml_provider_disabled' })
    const message = 'acme.test wants you to sign in'
    const wallet = await auth.signInWithWeb3({
      chain: 'solana',
      message,
      signature: new Uint8Array(64),
    })
    expect(wallet.error).toMatchObject({ status: 422, code: 'web3_provider_disabled' })
  })
})
