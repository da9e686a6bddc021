import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { startTestGateway, type TestGateway } from '../../support/gateway.ts'
import { untilAsked } from '../../support/until.ts'

let gateway: TestGateway
const visitor = '203.0.113.9'

beforeAll(async () => {
  gateway = await startTestGateway({ gateway: { behindProxy: true } })
})
afterAll(() => gateway.stop())

const recorded = (where: string): Promise<{ subject: string; result: string }[]> =>
  gateway.backend.database.query(`select subject, result from public.audit_log where ${where}`)

describe('the record of who asked', () => {
  it('loses no line to a name that cannot be stored', async () => {
    const token = await gateway.signIn(0)
    const names = ['%00', `${'x'.repeat(127)}%F0%9F%98%80`, 'job_nowhere']
    for (const name of names) {
      const { status } = await fetch(`${gateway.url}/api/v1/jobs/${name}/cancel`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
      })
      expect(status).toBe(404)
    }
    await untilAsked('all are written', async () => {
      return (await recorded(`action = 'job.cancel'`)).length === names.length
    })
  })

  it('names the visitor and not the proxy, and is not flooded with refused sockets', async () => {
    const reasons = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const headers = { authorization: 'Bearer abc', 'x-forwarded-for': visitor }
        const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/ws`, { headers })
        const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
        return `${code} ${reason.toString()}`
      }),
    )
    expect(new Set(reasons)).toEqual(new Set(['1008 token_malformed']))
    const said = gateway.logLines.filter((line) => line.includes('stream socket refused'))
    expect(said).toHaveLength(30)
    await untilAsked('they are written', async () => {
      return (await recorded(`remote_address = '${visitor}'`)).length === 30
    })
  })
})

describe('an upgrade to nowhere', () => {
  it('is answered and let go, also when the peer never closes its half', async () => {
    const { port } = new URL(gateway.url)
    const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true })
    socket.resume()
    socket.write(
      'GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    )
    await once(socket, 'end')
    const broken = once(socket, 'error')
    const knocking = setInterval(() => socket.write('x'), 100)
    const [error] = (await broken) as [NodeJS.ErrnoException]
    clearInterval(knocking)
    expect(['ECONNRESET', 'EPIPE']).toContain(error.code)
  })
})
