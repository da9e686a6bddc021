import { inspect } from 'node:util'
import { WebSocket } from 'ws'
import { describe, expect, it } from 'vitest'
import { redact } from '../../../src/shared/redact.ts'

const jwt = [
  Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url'),
  Buffer.from('{"sub":"u-1","role":"authenticated"}').toString('base64url'),
  'c2lnbmF0dXJlLWNhbmFyeQ',
].join('.')
const signature = 'c2lnbmF0dXJlLWNhbmFyeQ'
/** As GoTrue v1 makes them: nothing in it says that it is a secret. */
const refreshToken = 'k3v9q2m7x1zt'

describe('redact', () => {
  const withJwt = {
    'a bare JWT': jwt,
    'a percent-encoded JWT': jwt.replaceAll('.', '%2E'),
    'a lower-case percent-encoded JWT': jwt.replaceAll('.', '%2e'),
    'a bearer header': `Authorization: Bearer ${jwt}`,
    'a token in a query': `ws://h/ws?token=${jwt}&x=1`,
    'a token in an encoded URL': encodeURIComponent(`ws://h/ws?token=${jwt}&x=1`),
    'a five-part token': `${jwt}.${signature}.${signature}`,
    'JSON within JSON within JSON': JSON.stringify({
      a: JSON.stringify({ b: JSON.stringify({ access_token: jwt }) }),
    }),
  }
  for (const [name, text] of Object.entries(withJwt)) {
    it(`hides ${name}`, () => {
      const clean = redact(text)
      expect(clean).not.toContain(signature)
      expect(clean).toContain('[redacted]')
    })
  }

  const withRefreshToken = {
    'by its field name in JSON': JSON.stringify({ refresh_token: refreshToken }),
    'in camel case': JSON.stringify({ refreshToken }),
    'in nested JSON': JSON.stringify({ body: JSON.stringify({ refresh_token: refreshToken }) }),
    'three levels deep': JSON.stringify(
      JSON.stringify(JSON.stringify({ refresh_token: refreshToken })),
    ),
    'as printed by inspect': inspect({ refresh_token: refreshToken }),
    'in a form body': `grant_type=refresh_token&refresh_token=${refreshToken}`,
    'in an encoded form body': encodeURIComponent(`x=1&refresh_token=${refreshToken}&y=2`),
    'in a fragment': `https://h/#refresh_token=${refreshToken}`,
    'in the session cookies': `cookie: sb_session=abc; sb_refresh=${refreshToken}`,
    'in a set-cookie line': `set-cookie: sb_refresh=${refreshToken}; HttpOnly`,
    'in printed headers': inspect({ Cookie: `a=b; sb_refresh=${refreshToken}; c=d` }),
    'in a field called token': JSON.stringify({ type: 'auth', token: refreshToken }),
    'as a provider token': JSON.stringify({ provider_refresh_token: refreshToken }),
  }
  for (const [name, text] of Object.entries(withRefreshToken)) {
    it(`hides a refresh token ${name}`, () => {
      expect(redact(text)).not.toContain(refreshToken)
    })
  }

  it('hides a password with spaces, quotes and commas in it', () => {
    const text = JSON.stringify({ password: 'correct "horse", battery staple', next: 'seen' })
    expect(redact(text)).not.toMatch(/horse|battery|staple/)
    expect(redact(text)).toContain('seen')
  })

  it('hides secret keys and opaque bearer tokens', () => {
    expect(redact('key sb_secret_AbC-123_x end')).toBe('key [redacted] end')
    expect(redact('Bearer abcdefghijkl end')).toBe('Bearer [redacted] end')
    expect(redact('x=Bearer%20abcdefghijkl&y')).not.toContain('abcdefghijkl')
  })

  it('hides the password in the address of a database, and only that', () => {
    expect(redact('postgres://signalbox:hunter2@db.example:5432/jobs')).toBe(
      'postgres://signalbox:[redacted]@db.example:5432/jobs',
    )
  })

  it('hides what ws prints of itself', () => {
    const socket = new WebSocket(`ws://127.0.0.1:9/ws?token=${jwt}`, {
      headers: { authorization: `Bearer ${jwt}` },
    })
    socket.on('error', () => undefined)
    const printed = inspect(socket, { depth: 9 })
    const json = JSON.stringify(socket, (key, value: unknown) => (key === '_req' ? '' : value))
    socket.terminate()
    expect(printed).toContain(signature)
    expect(redact(printed)).not.toContain(signature)
    expect(json).toContain(signature)
    expect(redact(json)).not.toContain(signature)
  })

  it('keeps a JSON line parseable', () => {
    const line = JSON.stringify({
      at: 'now',
      message: `dial ws://h/ws?token=${jwt}`,
      body: JSON.stringify({ refresh_token: refreshToken, n: 1 }),
      after: 'kept',
    })
    expect(JSON.parse(redact(line))).toMatchObject({ at: 'now', after: 'kept' })
  })

  it('leaves ordinary words alone', () => {
    for (const text of [
      '{"code":"token_expired","message":"session ended"}',
      '{"token_type":"bearer","expires_in":3600}',
      'refresh token kept; access token renewed',
      'http://127.0.0.1:54321/auth/v1/token?grant_type=password',
      'the secretary wrote 3 lines',
    ])
      expect(redact(text)).toBe(text)
  })

  it('is quick on long hostile text', () => {
    const started = performance.now()
    redact('eyJ'.repeat(40_000))
    redact(`"password":"${'\\'.repeat(80_000)}`)
    redact(`token=${'%'.repeat(80_000)}`)
    expect(performance.now() - started).toBeLessThan(1_000)
  })
})
