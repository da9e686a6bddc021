import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { openSocket } from '../../src/main/lib/sockets.ts'
import { doubtClock } from '../../src/main/workspaces/clock-doubt.ts'
import { wordsFor } from '../../src/renderer/diagnostics/wording.ts'
import { root } from '../../scripts/runtime.ts'
import { makeAuthority, makeCertificate } from '../support/certificates.ts'
import type { Certificate } from '../support/certificates.ts'
import { ConnectionBench } from '../support/connection-bench.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { fault } from '../support/fault.ts'
import { frame, handshake, opcode } from '../support/raw-server.ts'
import { password, TestComputer } from '../support/session-parts.ts'
import { SourceBench } from '../support/source-bench.ts'
import { TlsServer } from '../support/tls-server.ts'
import { until } from '../support/until.ts'

type Kind = 'good' | 'expired' | 'elsewhere' | 'stranger' | 'self-signed'

let folder: string
let certificates: Record<Kind, Certificate>
const trusted = getCACertificates('default')

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-tls-'))
  const authority = await makeAuthority(folder, 'authority')
  const unknown = await makeAuthority(folder, 'unknown')
  const here = 'IP:127.0.0.1'
  certificates = {
    good: await makeCertificate(folder, authority, { name: 'good', for: here }),
    expired: await makeCertificate(folder, authority, { name: 'old', for: here, expired: true }),
    elsewhere: await makeCertificate(folder, authority, {
      name: 'elsewhere',
      for: 'DNS:elsewhere.example',
    }),
    stranger: await makeCertificate(folder, unknown, { name: 'stranger', for: here }),
    'self-signed': unknown,
  }
  // As if the computer knew it: what is wrong is only what the test says.
  setDefaultCACertificates([...trusted, authority.pem])
})
afterAll(() => {
  setDefaultCACertificates(trusted)
  rmSync(folder, { recursive: true })
})

/** A gateway that says once, over TLS, what is asked of it. */
function serve(clock: FakeClock): Parameters<typeof TlsServer.listen>[1] {
  return (socket, text) => {
    const key = /sec-websocket-key: (\S+)/i.exec(text)?.[1]
    const body = JSON.stringify({ active_jobs: ['nightly'], jobs: [] })
    if (key !== undefined) {
      socket.write(handshake(key))
      socket.write(frame(opcode.text, JSON.stringify({ job_name: 'nightly', percentage: 12 })))
    } else if (text.startsWith('GET ')) {
      socket.end(
        `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: ${new Date(clock.now()).toUTCString()}\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      )
    }
  }
}

/** A dial, a source and a sign-in, all refused by what the certificate says, and nothing told. */
async function expectStopped(kind: Kind): Promise<string> {
  await using server = await TlsServer.listen(certificates[kind])
  const socket = new ConnectionBench({ sockets: openSocket, url: `wss://${server.origin}/ws` })
  socket.connection.start()
  const source = new SourceBench({ gatewayUrl: `https://${server.origin}` })
  const { session, scope } = new TestComputer().open({ url: `https://${server.origin}` })
  const signedIn = await session.signIn('ada@example.com', password)
  await until('both have stopped', () => {
    return socket.connection.state.kind === 'stopped' && source.source.stopped !== null
  })
  // Nothing is tried again, however long one waits.
  const { connections } = server
  await Promise.all([socket.clock.advance(600_000), source.clock.advance(600_000)])
  await new Promise((resolve) => setImmediate(resolve))
  expect(server.connections).toBe(connections)
  expect(connections).toBe(3)
  expect(socket.connection.reason).toBe('tls_untrusted')
  expect(source.source.stopped).toBe('tls_untrusted')
  expect(signedIn).toMatchObject({ ok: false, failure: { code: 'tls_untrusted' } })
  expect(server.told).toBe('')
  for (const open of [socket.scope, source.scope, scope]) await open.close('test over')
  return `${kind}: stopped (${wordsFor('tls_untrusted').reason}), ${server.told.length} bytes told`
}

describe('certificates that prove nothing', () => {
  fault(10, 'a certificate that signed itself', () => expectStopped('self-signed'))
  fault(10, 'a certificate of an authority that nobody knows', () => expectStopped('stranger'))
  fault(11, 'a certificate that has expired', () => expectStopped('expired'))
  fault(12, 'a certificate of another host', () => expectStopped('elsewhere'))

  fault(10, 'a good certificate is all that was missing', async () => {
    const clock = new FakeClock()
    await using server = await TlsServer.listen(certificates.good, serve(clock))
    const bench = new SourceBench({ gatewayUrl: `https://${server.origin}`, clock })
    await until('it is live', () => bench.source.view.sockets === 1)
    expect(server.told).toContain('Bearer token-1')
    await bench.scope.close('test over')
    return 'control: a good one is told the token'
  })

  fault(10, 'nothing of ours turns the check off', () => {
    const folders = ['src/main', 'src/preload', 'src/renderer']
    const off =
      /rejectUnauthorized|NODE_TLS_REJECT|certificate-error|setCertificateVerifyProc|ignore-certificate-errors/
    const files = folders.flatMap((name) =>
      readdirSync(join(root, name), { recursive: true, encoding: 'utf8' })
        .filter((file) => /\.tsx?$/.test(file))
        .map((file) => join(root, name, file)),
    )
    expect(files.length).toBeGreaterThan(100)
    expect(files.filter((file) => off.test(readFileSync(file, 'utf8')))).toEqual([])
    return 'no way to ignore it'
  })
})

describe('a certificate that expired while the clock is wrong', () => {
  const days = 86_400_000
  for (const [name, jumpMs, reason] of [
    ['two days ahead', 2 * days, 'clock_wrong'],
    ['two days behind', -2 * days, 'clock_wrong'],
    ['right', 0, 'tls_untrusted'],
    ['twenty hours ahead', (20 / 24) * days, 'tls_untrusted'],
  ] as const) {
    fault(11, `the clock is ${name}`, async () => {
      const clock = new FakeClock()
      const real = { clock, fetch: globalThis.fetch, sockets: openSocket }
      await using server = await TlsServer.listen(certificates.good, serve(clock))
      const bench = new SourceBench({
        gatewayUrl: `https://${server.origin}`,
        ...doubtClock(real),
        clock,
      })
      await until('it is live', () => bench.source.view.sockets === 1)
      clock.jump(jumpMs)
      server.become(certificates.expired)
      await until('it asks again', () => {
        void clock.advance(100)
        return bench.source.stopped !== null
      })
      expect(bench.source.stopped).toBe(reason)
      await bench.scope.close('test over')
      return `clock ${name}: says "${wordsFor(reason).reason}"`
    })
  }

  fault(11, 'a socket alone that meets it says the same', async () => {
    const clock = new FakeClock()
    const ports = doubtClock({ clock, fetch: globalThis.fetch, sockets: openSocket })
    await using server = await TlsServer.listen(certificates.good, serve(clock))
    expect((await ports.fetch(`https://${server.origin}/health`)).ok).toBe(true)
    server.become(certificates.expired)
    clock.jump(2 * days)
    const url = `wss://${server.origin}/ws`
    const bench = new ConnectionBench({ sockets: ports.sockets, url, clock })
    bench.connection.start()
    await until('it stopped', () => bench.connection.state.kind === 'stopped')
    expect(bench.connection.reason).toBe('clock_wrong')
    await bench.scope.close('test over')
    return `a socket as well: ${bench.connection.reason ?? ''}`
  })
})
