import type { SupabaseClient } from '@supabase/supabase-js'
import { decodeJwt } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { codeNow } from '../support/authenticator.ts'
import { startTestBackend, type TestBackend } from '../support/backend.ts'
import { SupabaseClients } from '../support/supabase-clients.ts'

let backend: TestBackend
let clients: SupabaseClients

beforeAll(async () => {
  const mfa = { mostFactors: 2, totpEnroll: true, totpVerify: true }
  backend = await startTestBackend({ idle: true, auth: { mfa } })
  clients = new SupabaseClients(backend)
})
afterEach(async () => {
  await clients.dispose()
  await backend.database.query('delete from auth.mfa_factors')
  await backend.database.query('delete from auth.sessions')
})
afterAll(() => backend.stop())

async function enroll(client: SupabaseClient, friendlyName = 'telephone') {
  const { data, error } = await client.auth.mfa.enroll({ factorType: 'totp', friendlyName })
  if (error !== null) throw error
  return { id: data.id, ...data.totp }
}

async function enrolled(client: SupabaseClient) {
  const factor = await enroll(client)
  const code = codeNow(factor.secret)
  const { data, error } = await client.auth.mfa.challengeAndVerify({ factorId: factor.id, code })
  if (error !== null) throw error
  return { ...factor, code, session: data }
}

describe('mfa of supabase-js', () => {
  it('enrolls an authenticator app: a secret, its URI and a picture of it', async () => {
    const client = await clients.signedIn()
    const { data, error } = await client.auth.mfa.enroll({
      factorType: 'totp',
      friendlyName: 'telephone',
      issuer: 'Signalbox',
    })
    expect(error).toBeNull()
    expect(data).toMatchObject({ type: 'totp', friendly_name: 'telephone' })
    expect(data?.totp.secret).toMatch(/^[A-Z2-7]{32}$/)
    const uri = new URL(data!.totp.uri)
    expect(uri.protocol).toBe('otpauth:')
    expect(decodeURIComponent(uri.pathname)).toContain('Signalbox:alice@acme.test')
    expect(uri.searchParams.get('secret')).toBe(data?.totp.secret)
    expect(data?.totp.qr_code).toMatch(/^data:image\/svg\+xml;utf-8,<svg[^]+<\/svg>/)
  })

  it('raises the session to aal2 by a code, and announces it', async () => {
    const client = await clients.signedIn()
    const before = (await client.auth.getSession()).data.session!
    const events: string[] = []
    client.auth.onAuthStateChange((event) => void events.push(event))
    await enrolled(client)
    const { data } = await client.auth.mfa.getAuthenticatorAssuranceLevel()
    expect(data).toMatchObject({ currentLevel: 'aal2', nextLevel: 'aal2' })
    expect(events).toContain('MFA_CHALLENGE_VERIFIED')
    const after = (await client.auth.getSession()).data.session!
    expect(decodeJwt(after.access_token)).toMatchObject({
      aal: 'aal2',
      amr: [{ method: 'totp' }, { method: 'password' }],
      session_id: decodeJwt(before.access_token).session_id,
    })
    expect(after.refresh_token).not.toBe(before.refresh_token)
  })

  it('keeps aal2 over a refresh, and starts at aal1 with the next sign-in', async () => {
    const client = await clients.signedIn()
    await enrolled(client)
    const refreshed = await client.auth.refreshSession()
    expect(decodeJwt(refreshed.data.session!.access_token).aal).toBe('aal2')
    const next = await clients.signedIn()
    const { data } = await next.auth.mfa.getAuthenticatorAssuranceLevel()
    expect(data).toMatchObject({ currentLevel: 'aal1', nextLevel: 'aal2' })
  })

  it('lists factors, verified or not', async () => {
    const client = await clients.signedIn()
    const { id } = await enroll(client, 'first')
    const before = await client.auth.mfa.listFactors()
    expect(before.data?.totp).toEqual([])
    expect(before.data?.all).toMatchObject([{ id, friendly_name: 'first', status: 'unverified' }])
  })

  it('removes factors that were left unverified once another is verified', async () => {
    const client = await clients.signedIn()
    await enroll(client, 'left')
    const { id } = await enrolled(client)
    const { data } = await client.auth.mfa.listFactors()
    expect(data?.all.map((factor) => factor.id)).toEqual([id])
    expect(data?.totp).toMatchObject([{ id, status: 'verified' }])
  })

  it('ends the other sessions of the user that showed one factor only', async () => {
    const other = await clients.signedIn()
    const neighbour = await clients.signedIn(1)
    await enrolled(await clients.signedIn())
    const { error } = await other.auth.refreshSession()
    expect(error).toMatchObject({ code: 'refresh_token_not_found' })
    expect((await neighbour.auth.refreshSession()).error).toBeNull()
  })

  it('unenrolls a verified factor at aal2 only, and falls back to aal1', async () => {
    const client = await clients.signedIn()
    const { id: factorId } = await enrolled(client)
    const weaker = await clients.signedIn()
    const refused = await weaker.auth.mfa.unenroll({ factorId })
    expect(refused.error).toMatchObject({ status: 422, code: 'insufficient_aal' })
    expect((await client.auth.mfa.unenroll({ factorId })).data).toEqual({ id: factorId })
    const { data } = await client.auth.refreshSession()
    expect(decodeJwt(data.session!.access_token)).toMatchObject({
      aal: 'aal1',
      amr: [{ method: 'password' }],
    })
  })
})

describe('what mfa refuses', () => {
  it('a wrong code, and the right one a second time', async () => {
    const client = await clients.signedIn()
    const { id: factorId, secret, code } = await enrolled(client)
    const wrong = String((Number(codeNow(secret)) + 1) % 1_000_000).padStart(6, '0')
    for (const again of [wrong, code, 'words!', '']) {
      const { error } = await client.auth.mfa.challengeAndVerify({ factorId, code: again })
      expect(error?.code).toBe(again === '' ? 'validation_failed' : 'mfa_verification_failed')
    }
    const next = await client.auth.mfa.challengeAndVerify({ factorId, code: codeNow(secret, 1) })
    expect(next.error).toBeNull()
  })

  it('a challenge that is unknown, used or too old', async () => {
    const client = await clients.signedIn()
    const { id: factorId, secret } = await enrolled(client)
    const { data } = await client.auth.mfa.challenge({ factorId })
    expect(data!.expires_at - Date.now() / 1_000).toBeGreaterThan(200)
    const verify = (challengeId: string) =>
      client.auth.mfa.verify({ factorId, challengeId, code: codeNow(secret, 1) })
    const unknown = await verify(factorId)
    expect(unknown.error).toMatchObject({ status: 422, code: 'mfa_factor_not_found' })
    await backend.database.query(
      `update auth.mfa_challenges set created_at = created_at - interval '301 seconds'`,
    )
    const old = await verify(data!.id)
    expect(old.error).toMatchObject({ status: 422, code: 'mfa_challenge_expired' })
    const fresh = await client.auth.mfa.challenge({ factorId })
    expect((await verify(fresh.data!.id)).error).toBeNull()
    const used = await verify(fresh.data!.id)
    expect(used.error).toMatchObject({ status: 422, code: 'mfa_ip_address_mismatch' })
  })

  it('a name that is taken, one factor too many, and another one at aal1', async () => {
    const client = await clients.signedIn()
    await enroll(client, 'one')
    const enrollAs = (friendlyName: string, by = client) =>
      by.auth.mfa.enroll({ factorType: 'totp', friendlyName })
    const same = await enrollAs('one')
    expect(same.error).toMatchObject({ status: 422, code: 'mfa_factor_name_conflict' })
    await enroll(client, 'two')
    const more = await enrollAs('three')
    expect(more.error).toMatchObject({ status: 422, code: 'too_many_enrolled_mfa_factors' })
    await backend.database.query('delete from auth.mfa_factors')
    await enrolled(client)
    const weaker = await enrollAs('four', await clients.signedIn())
    expect(weaker.error).toMatchObject({ status: 403, code: 'insufficient_aal' })
  })

  it('the factor of somebody else, telephones and passkeys', async () => {
    const { id: factorId } = await enroll(await clients.signedIn())
    const other = await clients.signedIn(1)
    const challenge = await other.auth.mfa.challenge({ factorId })
    expect(challenge.error).toMatchObject({ status: 404, code: 'mfa_factor_not_found' })
    const unenroll = await other.auth.mfa.unenroll({ factorId })
    expect(unenroll.error).toMatchObject({ status: 404, code: 'mfa_factor_not_found' })
    const phone = await other.auth.mfa.enroll({ factorType: 'phone', phone: '4912345678' })
    expect(phone.error).toMatchObject({ status: 422, code: 'mfa_phone_enroll_not_enabled' })
    const passkey = await other.auth.mfa.enroll({ factorType: 'webauthn', friendlyName: 'key' })
    expect(passkey.error).toMatchObject({ status: 422, code: 'mfa_webauthn_enroll_not_enabled' })
  })

  it('everything where it is off', async () => {
    const off = await startTestBackend({ idle: true })
    const there = new SupabaseClients(off)
    try {
      const client = await there.signedIn()
      const { error } = await client.auth.mfa.enroll({ factorType: 'totp' })
      expect(error).toMatchObject({ status: 422, code: 'mfa_totp_enroll_not_enabled' })
    } finally {
      await there.dispose()
      await off.stop()
    }
  })
})
