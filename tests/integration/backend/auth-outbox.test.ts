import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AuthCaller } from '../../support/auth-caller.ts'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'
import { confirming, Mailbox } from '../../support/mailbox.ts'

let backend: TestBackend
let mailbox: Mailbox
let people = 0

beforeAll(async () => {
  backend = await startTestBackend({ idle: true, auth: { email: confirming } })
  mailbox = new Mailbox(backend)
})
afterAll(() => backend.stop())

async function invited(): Promise<string> {
  const email = `guest-${++people}@nowhere.test`
  await new AuthCaller(backend).call('/otp', { method: 'POST', body: { email } })
  return email
}

interface Page {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
}

/** With a `Host` of one's own, which `fetch` does not allow. */
function ask(path: string, headers: Record<string, string>): Promise<Page> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: backend.port, path, headers }
    const call = request(options, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
      })
    })
    call.on('error', reject)
    call.end()
  })
}

describe('the outbox', () => {
  it('is a page without script that no other site may hold', async () => {
    const email = await invited()
    const page = await ask('/outbox', { host: `localhost:${backend.port}` })
    expect(page.status).toBe(200)
    expect(page.text).toContain(email)
    expect(page.text).toContain((await mailbox.last(email)).code)
    expect(page.headers).toMatchObject({
      'cache-control': 'no-store',
      'content-type': 'text/html; charset=utf-8',
      'x-frame-options': 'DENY',
    })
    expect(page.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'/,
    )
    expect(page.headers).not.toHaveProperty('access-control-allow-origin')
  })

  it('is closed to a name that was pointed here, and to other sites', async () => {
    for (const headers of [
      { host: 'rebound.test' },
      { host: `127.0.0.1:${backend.port}`, origin: 'http://localhost:3000' },
      { host: `127.0.0.1:${backend.port}`, 'x-forwarded-for': '203.0.113.5' },
    ]) {
      const answer = await ask('/outbox/messages', headers)
      expect(answer.status).toBe(403)
      expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
      expect(answer.text).not.toContain('@')
    }
  })

  it('is not there behind a proxy, which would pass for this machine', async () => {
    const behind = await startTestBackend({ idle: true, gateway: { behindProxy: true } })
    const answer = await fetch(`${behind.supabaseUrl}/outbox`)
    await behind.stop()
    expect(answer.status).toBe(404)
  })

  it('keeps the last two hundred', async () => {
    const sql = `insert into auth.outbox (recipient, kind, subject, body, code)
       select 'flood@nowhere.test', 'magiclink', 's', 'b', '1' from generate_series(1, 300)`
    await backend.database.query(sql)
    await invited()
    const rows = await backend.database.query('select 1 from auth.outbox')
    expect(rows).toHaveLength(200)
  })

  it('is the only place where codes and links are written down', async () => {
    await mailbox.open(await invited())
    const written = backend.logLines.join('\n')
    expect(written).toContain('/auth/v1/verify')
    expect(written).not.toMatch(/token=|pkce_|[0-9a-f]{56}/)
  })
})
