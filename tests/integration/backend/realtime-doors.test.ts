import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import WebSocket from 'ws'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'

let backend: TestBackend

beforeAll(async () => {
  backend = await startTestBackend({ idle: true, realtime: { limits: { handshakeDelayMs: 0 } } })
})
afterAll(() => backend.stop())

const browser = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36' }

function broadcast(path: string, body: string, headers: Record<string, string> = {}) {
  return fetch(`${backend.supabaseUrl}/realtime/v1/api/broadcast${path}`, {
    method: 'POST',
    body,
    headers: { apikey: backend.publishableKey, 'content-type': 'application/json', ...headers },
  })
}

/** The status of a handshake. */
async function knock(key: string, headers: Record<string, string>): Promise<number> {
  const url = `${backend.supabaseUrl.replace('http', 'ws')}/realtime/v1/websocket?apikey=${key}`
  const socket = new WebSocket(url, { headers })
  socket.on('error', () => undefined)
  const refused = once(socket, 'unexpected-response') as Promise<[unknown, IncomingMessage]>
  const status = await Promise.race([
    refused.then(([, { statusCode = 0 }]) => statusCode),
    once(socket, 'open').then(() => 101),
  ])
  socket.terminate()
  return status
}

describe('the secret key in a browser', () => {
  it('opens no socket', async () => {
    expect(await knock(backend.secretKey, browser)).toBe(401)
    expect(await knock(backend.secretKey, {})).toBe(101)
    expect(await knock(backend.publishableKey, browser)).toBe(101)
  })

  it('broadcasts nothing', async () => {
    const said = '{"messages":[{"topic":"t","event":"e","payload":{}}]}'
    const secret = { apikey: backend.secretKey }
    expect((await broadcast('', said, { ...secret, ...browser })).status).toBe(401)
    expect((await broadcast('', said, secret)).status).toBe(202)
    expect((await broadcast('', said, browser)).status).toBe(202)
  })
})

it('a body that nests without end, or is no JSON, is the fault of whoever sent it', async () => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000)
  const list = `{"messages":[{"topic":"t","event":"e","payload":{"deep":${deep}}}]}`
  expect((await broadcast('/t/events/e', deep)).status).toBe(400)
  expect((await broadcast('', list)).status).toBe(400)
  expect((await broadcast('', '{')).status).toBe(400)
  expect((await broadcast('', '')).status).toBe(400)
})
