import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'
import { openSocket, type TestSocket } from '../../support/gateway.ts'
import { encode, opcodes } from '../../support/raw-frames.ts'
import { RawWebSocket } from '../../support/raw-websocket.ts'
import { until } from '../../support/until.ts'

let backend: TestBackend
let token: string
let bystander: Bystander

beforeAll(async () => {
  backend = await startTestBackend({
    tuning: {
      limits: { requestsPerMinute: 1e9, inboundPerMinute: 1e6 },
      work: { scheduled: false },
      http: { headersTimeoutMs: 3_000, requestTimeoutMs: 4_000, sweepMs: 500 },
    },
  })
  await backend.database.query(
    `insert into public.jobs (id, name, kind, tenant_id, queue, status, worker, started_at)
     values ('watched', 'Watched', 'ETL', 'acme-freight', 'hostile', 'running', 'w', clock_timestamp())`,
  )
  token = await signIn()
  bystander = await standBy()
})
afterAll(async () => {
  await bystander.leave()
  await backend.stop()
})

async function signIn(): Promise<string> {
  const { email, password } = backend.users[0]!
  const answer = await fetch(`${backend.supabaseUrl}/auth/v1/token?grant_type=password`, {
    method: 'POST',
    headers: { apikey: backend.publishableKey, 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
  return ((await answer.json()) as { access_token: string }).access_token
}

interface Bystander {
  /** Waits for ten more events, and says whether all came, in order, on the one socket. */
  expectUndisturbed: () => Promise<void>
  leave: () => Promise<void>
}

/** Somebody who watches a job all the while, as its worker moves it. */
async function standBy(): Promise<Bystander> {
  const socket: TestSocket = openSocket(`${backend.gatewayUrl}/ws/progress/watched`, token)
  await socket.until(1)
  const state = { moving: true }
  const driver = (async () => {
    while (state.moving) {
      await backend.database.query(
        `update public.jobs set message = 'at ' || clock_timestamp() where id = 'watched'`,
      )
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  })()
  return {
    expectUndisturbed: async () => {
      await socket.until(socket.frames.length + 10)
      const seqs = socket.frames.map((frame) => frame.seq ?? frame.job?.seq ?? 0)
      for (const [at, seq] of seqs.entries()) {
        if (at > 0) expect(seq).toBe((seqs[at - 1] ?? 0) + 1)
      }
    },
    leave: async () => {
      state.moving = false
      await driver
      socket.socket.terminate()
    },
  }
}

const doors = [
  ['POST', '/auth/v1/token?grant_type=password'],
  ['POST', '/auth/v1/signup'],
  ['POST', '/auth/v1/otp'],
  ['PUT', '/auth/v1/user'],
  ['POST', '/auth/v1/verify'],
  ['POST', '/auth/v1/admin/users'],
  ['POST', '/rest/v1/jobs'],
  ['PATCH', '/rest/v1/jobs?id=eq.x'],
  ['POST', '/rest/v1/rpc/caller_tenants'],
  ['POST', '/realtime/v1/api/broadcast'],
  ['POST', '/api/v1/jobs'],
  ['POST', '/api/v1/jobs/other/cancel'],
  ['POST', '/api/auth/session/bridge'],
  ['POST', '/api/auth/session/refresh'],
] as const

const deep = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
const bodies: Readonly<Record<string, string | Buffer>> = {
  'that is too large': `{"a":"${'x'.repeat(4 * 1024 * 1024)}"}`,
  'that is not JSON': '{"a":',
  'nested a hundred thousand deep': deep(100_000),
  'nested two hundred deep': deep(200),
  'with __proto__': '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}',
  'that is null': 'null',
  'that is a list of nothing': '[]',
  'that is a number': '17',
  'of broken UTF-8': Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
  'with a NUL': '{"email":"a\\u0000b","name":"\\u0000","password":"\\u0000"}',
  'with one key ten thousand times': `{${'"a":1,'.repeat(10_000)}"a":1}`,
  'with numbers beyond measure': '{"limit":1e999,"n":123456789012345678901234567890}',
}

async function send(method: string, path: string, body: string | Buffer): Promise<Response> {
  return fetch(`${backend.gatewayUrl}${path}`, {
    method,
    body: typeof body === 'string' ? body : new Uint8Array(body),
    headers: {
      apikey: backend.publishableKey,
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
    },
  })
}

describe('a body', () => {
  it.each(Object.keys(bodies))('%s is refused or harmless at every door', async (kind) => {
    const body = bodies[kind]!
    for (const [method, path] of doors) {
      const answer = await send(method, path, body)
      expect(answer.status, `${method} ${path}`).toBeLessThan(500)
      const text = await answer.text()
      expect(text, `${method} ${path}`).not.toMatch(/\bat .*\.ts:\d+|node_modules/)
      if (kind === 'that is too large') {
        expect([401, 403, 413], `${method} ${path}`).toContain(answer.status)
      }
    }
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
    await bystander.expectUndisturbed()
  })

  it('of another kind than JSON is no way in either', async () => {
    for (const [method, path] of doors) {
      for (const type of ['text/plain', 'multipart/form-data; boundary=x', 'application/xml', '']) {
        const answer = await fetch(`${backend.gatewayUrl}${path}`, {
          method,
          body: '<x/>',
          headers: {
            apikey: backend.publishableKey,
            authorization: `Bearer ${token}`,
            'content-type': type,
          },
        })
        // The bridge takes what it needs from the header, whatever the body.
        if (!path.endsWith('/bridge')) {
          expect(answer.status, `${method} ${path} ${type}`).toBeGreaterThanOrEqual(400)
        }
        expect(answer.status, `${method} ${path} ${type}`).toBeLessThan(500)
      }
    }
  })

  it('that never comes is not waited for beyond the limit, and keeps nobody waiting', async () => {
    const { port } = new URL(backend.gatewayUrl)
    const slow = connect(Number(port), '127.0.0.1')
    await once(slow, 'connect')
    slow.write(
      `POST /auth/v1/token?grant_type=password HTTP/1.1\r\nHost: x\r\napikey: ${backend.publishableKey}\r\nContent-Length: 1000\r\n\r\n{`,
    )
    slow.resume()
    await bystander.expectUndisturbed()
    await once(slow, 'close')
  })
})

/** Sends a request line as it is: fetch would tidy it up. */
async function rawRequest(target: string, headers: readonly string[] = []): Promise<number> {
  const { port } = new URL(backend.gatewayUrl)
  const socket = connect(Number(port), '127.0.0.1')
  await once(socket, 'connect')
  socket.write(
    [`GET ${target} HTTP/1.1`, 'Host: x', 'Connection: close', ...headers, '', ''].join('\r\n'),
  )
  let answer = ''
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')))
  socket.on('error', () => undefined)
  await once(socket, 'close')
  return Number(answer.split(' ')[1])
}

describe('an address', () => {
  it.each([
    '/../../etc/passwd',
    '/..%2f..%2fetc%2fpasswd',
    '/rest/v1/..%2f..%2fauth%2fv1%2fadmin%2fusers',
    '/rest/v1/%2e%2e/%2e%2e/auth/v1/admin/users',
    '//evil.example/rest/v1/jobs',
    '/rest/v1/jobs%00',
    '/rest/v1/%ff%fe',
    '/api/v1/jobs/%',
    '/api/v1/jobs/%2e%2e',
    '/api/v1/jobs/..%2f..%2fhealth',
    `/api/v1/jobs/${'x'.repeat(12_000)}`,
    `/rest/v1/jobs?${'select=id&'.repeat(1_000)}`,
    '/auth/v1/admin/users;/../token',
    '/realtime/v1/../../auth/v1/admin/users',
    '/outbox/../auth/v1/admin/users',
    'http://evil.example/health/../auth/v1/admin/users',
  ])('with a trick is refused: %s', async (target) => {
    const status = await rawRequest(target, [
      `apikey: ${backend.publishableKey}`,
      `Authorization: Bearer ${token}`,
    ])
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
  })

  it('and headers without measure are refused', async () => {
    const large = Array.from({ length: 60 }, (_, at) => `X-${at}: ${'y'.repeat(1_000)}`)
    expect(await rawRequest('/health', large)).toBe(431)
    await bystander.expectUndisturbed()
  })

  it('made of anything at all is answered below 500', { timeout: 60_000 }, async () => {
    const path = fc
      .tuple(
        fc.constantFrom('/rest/v1/', '/api/v1/', '/auth/v1/', '/ws', '/realtime/v1/', '/', '/api/'),
        fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' })), {
          maxLength: 4,
        }),
        fc.dictionary(fc.string(), fc.string({ unit: 'grapheme' }), { maxKeys: 4 }),
      )
      .map(([base, parts, query]) => {
        const well = (text: string): string => encodeURIComponent(text.toWellFormed())
        const asked = Object.entries(query).map(([key, value]) => `${well(key)}=${well(value)}`)
        return `${base}${parts.map(well).join('/')}?${asked.join('&')}`
      })
    await fc.assert(
      fc.asyncProperty(path, async (target) => {
        const answer = await fetch(`${backend.gatewayUrl}${target}`, {
          headers: { apikey: backend.publishableKey, authorization: `Bearer ${token}` },
        })
        await answer.arrayBuffer()
        expect(answer.status, target).toBeLessThan(500)
      }),
      { numRuns: 1_500 },
    )
    await bystander.expectUndisturbed()
  })
})

const sockets = [
  ['a progress socket', '/ws/progress/watched'],
  ['the tenant stream', '/ws'],
  ['Realtime', '/realtime/v1/websocket?vsn=2.0.0&apikey=KEY'],
  ['Socket.IO', '/socket.io/?EIO=4&transport=websocket'],
] as const

async function handshake(path: string): Promise<RawWebSocket> {
  const target = path.replace('KEY', backend.publishableKey)
  return RawWebSocket.request(backend.gatewayUrl, [
    `GET ${target} HTTP/1.1`,
    'Host: localhost',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    `Authorization: Bearer ${token}`,
  ])
}

const violations: Readonly<Record<string, Buffer>> = {
  'of six megabytes': encode(opcodes.text, 'x'.repeat(6 * 1024 * 1024)),
  'that is not masked': encode(opcodes.text, 'hello', { mask: false }),
  'of an unknown kind': encode(7, 'x'),
  'with reserved bits': encode(opcodes.text, 'x', { rsv: 4 }),
  'of broken UTF-8': encode(opcodes.text, Buffer.from([0xff, 0xfe, 0xfd])),
  'that continues nothing': encode(opcodes.continuation, 'x'),
  'of control that is fragmented': encode(opcodes.ping, 'x', { fin: false }),
}

describe('a frame', () => {
  it.each(
    sockets.flatMap(([name, path]) =>
      Object.keys(violations).map((kind) => [kind, name, path] as const),
    ),
  )('%s ends %s, and nobody else’s socket', async (kind, _name, path) => {
    const raw = await handshake(path)
    expect(raw.status).toBe(101)
    raw.write(violations[kind]!)
    const end = await raw.closing()
    if (end !== null) expect([1002, 1003, 1006, 1007, 1008, 1009]).toContain(end.code)
    await raw.gone()
  })

  it.each(sockets)('of nonsense does not end the server: %s', async (_name, path) => {
    const raw = await handshake(path)
    const nonsense = [
      '{',
      'null',
      '[]',
      '17',
      '"text"',
      deep(20_000),
      '{"type":null}',
      '{"__proto__":{"type":"auth"}}',
      '{"type":"resume","epoch":{},"offset":-1}',
      '{"type":"resume","epoch":"x","offset":1e308}',
      '{"type":"auth","token":["a"]}',
      '[null,null,null,null,null]',
      '["1","1","realtime:x","phx_join",{"config":[]}]',
      '["1","1","realtime:x","phx_join",{"config":{"postgres_changes":{"__proto__":1}}}]',
      '["1","1","realtime:","phx_join",{}]',
      '42["job:event",{"_placeholder":true,"num":99}]',
      '451-["x",{"_placeholder":true,"num":0}]',
      '0{"sid":"x"}',
    ]
    raw.write(...nonsense.map((text) => encode(opcodes.text, text)))
    raw.write(encode(opcodes.binary, Buffer.from([3, 255, 255, 255, 255, 9])))
    raw.write(encode(opcodes.binary, Buffer.alloc(0)))
    await bystander.expectUndisturbed()
    raw.socket.destroy()
    expect((await fetch(`${backend.gatewayUrl}/health`)).status).toBe(200)
  })
})

describe('ten thousand connections that never finish their request', () => {
  it('are let go, and nobody waits for them', { timeout: 90_000 }, async () => {
    const count = 10_000
    const { port } = new URL(backend.gatewayUrl)
    const child = fork(join(import.meta.dirname, '../../support/half-open.ts'), [
      port,
      String(count),
    ])
    const seen = { open: 0, ended: 0 }
    child.on('message', (message: typeof seen) => Object.assign(seen, message))
    await untilLong('all are open', () => seen.open >= count)
    await bystander.expectUndisturbed()
    expect((await fetch(`${backend.gatewayUrl}/health`)).status).toBe(200)
    await untilLong('all are let go', () => seen.ended >= count)
    child.disconnect()
    await once(child, 'exit')
    await bystander.expectUndisturbed()
  })
})

async function untilLong(what: string, check: () => boolean): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    const waited = await until(what, check).then(
      () => true,
      () => false,
    )
    if (waited) return
  }
  throw new Error(`waited in vain until ${what}`)
}
