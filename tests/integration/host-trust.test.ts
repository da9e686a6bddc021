import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { trustTheSystem } from '../../src/main/host/network/trust.ts'
import { createLog } from '../../src/main/lib/log.ts'
import { Secret } from '../../src/main/lib/secret.ts'
import { openSocket } from '../../src/main/lib/sockets.ts'
import { makeAuthority, makeCertificate } from '../support/certificates.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { memoryLog } from '../support/memory-ports.ts'

const before = tls.getCACertificates('default')
let folder: string
let authority: string
let server: Server
let sockets: WebSocketServer

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-trust-'))
  const own = await makeAuthority(folder, 'company')
  authority = own.pem
  const issued = await makeCertificate(folder, own, { name: 'server', for: 'DNS:localhost' })
  server = createServer({
    cert: await readFile(issued.certFile),
    key: await readFile(issued.keyFile),
  })
  server.on('request', (_request, response) => response.end('{}'))
  sockets = new WebSocketServer({ server })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})

afterAll(async () => {
  tls.setDefaultCACertificates(before)
  sockets.close()
  server.closeAllConnections()
  server.close()
  await rm(folder, { recursive: true, force: true })
})

const port = (): number => (server.address() as AddressInfo).port

const asked = (): Promise<number | string> =>
  fetch(`https://localhost:${port()}/`, { headers: { connection: 'close' } }).then(
    async (response) => {
      await response.text()
      return response.status
    },
    (error: unknown) => ((error as Error).cause as { code: string }).code,
  )

const dialled = (): Promise<string | null> =>
  new Promise((resolve) => {
    const socket = openSocket({
      url: new Secret(`wss://localhost:${port()}/`),
      headers: {},
      handlers: {
        open: () => {
          socket.terminate()
          resolve('open')
        },
        message: () => {},
        pong: () => {},
        close: ({ errorCode }) => resolve(errorCode),
      },
    })
  })

describe('the trust store of the system', () => {
  it("counts for requests and sockets of Node alike, beside Node's own authorities", async () => {
    const refusal = 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'
    expect([await asked(), await dialled()]).toEqual([refusal, refusal])

    const store = {
      ...tls,
      getCACertificates: (type?: 'default' | 'system' | 'bundled' | 'extra') =>
        type === 'system' ? [authority] : tls.getCACertificates(type),
    }
    trustTheSystem(store, createLog('test', new FakeClock(), memoryLog().sink))

    expect([await asked(), await dialled()]).toEqual([200, 'open'])
    expect(tls.getCACertificates('default').length).toBeGreaterThan(
      tls.getCACertificates('bundled').length,
    )
  })

  it('can be read here, whatever is in it', () => {
    const { lines, sink } = memoryLog()
    trustTheSystem(tls, createLog('test', new FakeClock(), sink))
    expect(lines).toEqual([])
  })
})
