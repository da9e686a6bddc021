import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { Socket as TcpSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { describe, expect } from 'vitest'
import { openSocket } from '../../src/main/lib/sockets.ts'
import { Secret } from '../../src/main/lib/secret.ts'
import type { Socket, SocketEnding } from '../../src/main/ports.ts'
import type { Doom } from '../support/crashing-dialler.ts'
import { FakeTokens } from '../support/fake-tokens.ts'
import { fault } from '../support/fault.ts'
import type { FaultProxy } from '../support/fault-proxy.ts'
import { LiveSource } from '../support/live-source.ts'
import { RawServer } from '../support/raw-server.ts'
import { filesBelow, findSecrets } from '../support/secret-search.ts'
import type { Haystack } from '../support/secret-search.ts'

const canary = 'canary-Zm9yIHRoZSB0ZXN0cyBvbmx5-canary'

class CanaryTokens extends FakeTokens {
  override get token(): string {
    return `${canary}-${this.renewals}`
  }
}

/** Everything that the object shows to whoever prints it. */
const printed = (place: string, thing: unknown): Haystack[] => [
  {
    place: `${place}, inspected`,
    content: inspect(thing, { depth: Infinity, showHidden: true, maxStringLength: null }),
  },
  { place: `${place}, as JSON`, content: JSON.stringify(thing) },
  { place: `${place}, as text`, content: String(thing) },
]

/** Does this to every connection once it was asked something. */
const afterRequest = (act: (socket: TcpSocket) => void): Promise<RawServer> =>
  RawServer.listen((socket) => socket.once('data', () => act(socket)))

/** A socket that meets the server's fault, with the token in its address and in a header. */
async function printSocket(server: RawServer): Promise<Haystack[]> {
  const ended = Promise.withResolvers<SocketEnding>()
  const request = {
    url: new Secret(`${server.socketUrl}?token=${canary}`),
    headers: { Authorization: new Secret(`Bearer ${canary}`) },
    handlers: {
      open: () => undefined,
      message: () => undefined,
      pong: () => undefined,
      close: ended.resolve,
    },
  }
  const socket: Socket = openSocket(request)
  const early = printed('a dialling socket', socket)
  const ending = await ended.promise
  return [
    ...early,
    ...printed('a socket', socket),
    ...printed('its ending', ending),
    ...printed('its request', request),
  ]
}

/** A process that dies with a socket in its hands: what it wrote, and the report that Node leaves. */
async function crash(doom: Doom): Promise<{ code: number | null; places: Haystack[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-crash-'))
  const script = fileURLToPath(new URL('../support/crashing-dialler.ts', import.meta.url))
  const report = ['--report-uncaught-exception', `--report-directory=${folder}`]
  const child = spawn(process.execPath, [...report, script], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const output: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => output.push(chunk))
  }
  child.send(doom)
  const [code] = (await once(child, 'close')) as [number | null]
  const places = [
    { place: 'the output', content: Buffer.concat(output).toString() },
    ...filesBelow(folder),
  ]
  rmSync(folder, { recursive: true })
  return { code, places }
}

const troubles: Readonly<Record<string, (proxy: FaultProxy) => unknown>> = {
  'a cut': (proxy) => proxy.cut(),
  'a refusal': (proxy) =>
    proxy.rule({ on: 'upgrade' }, { act: 'accept-and-close', code: 1008, reason: 'token_expired' }),
  'an error that repeats the address': (proxy) =>
    proxy.rule(
      { on: 'upgrade', times: 2 },
      { act: 'respond', status: 500, body: `no such page: /ws?token=${canary}-0` },
    ),
  'a reason that repeats the token': (proxy) =>
    proxy.rule(
      { on: 'upgrade' },
      { act: 'accept-and-close', code: 4400, reason: `bad token ${canary}-0` },
    ),
  'requests that break': (proxy) =>
    proxy.rule({ on: 'request', times: 2 }, { act: 'cut', how: 'rst' }),
  'answers that are none': (proxy) =>
    proxy.rule({ on: 'request', times: 2 }, { act: 'respond', status: 200, body: canary }),
}

describe('what is printed', () => {
  fault(30, 'sockets, requests and endings show no token, however they end', async () => {
    const servers = [
      await afterRequest((socket) => socket.resetAndDestroy()),
      await afterRequest((socket) => socket.write('SSH-2.0-x\r\n')),
      await afterRequest((socket) =>
        socket.end(`HTTP/1.1 404 Not ${canary}\r\nContent-Length: 0\r\n\r\n`),
      ),
      await RawServer.upgrading((socket) => socket.write(Buffer.from([0xc1, 1, 0x78]))),
      await RawServer.upgrading((socket) => socket.resetAndDestroy()),
    ]
    const places: Haystack[] = []
    for (const server of servers) {
      places.push(...(await printSocket(server)))
      expect(server.received.join()).toContain(canary)
      await server.close()
    }
    expect(findSecrets([canary], places)).toEqual([])
    return `${places.length} prints of sockets: 0 hits`
  })

  fault(30, 'logs, views, rows and errors show no token, whatever happens', async () => {
    const tokens = new CanaryTokens()
    await using line = await LiveSource.live({ tokens, transport: 'query', frames: true })
    const { bench, proxy } = line
    const places: Haystack[] = []
    for (const [place, trouble] of Object.entries(troubles)) {
      const dials = proxy.log.at('upgrade').length
      trouble(proxy)
      proxy.cut()
      await line.passing(`it is live after ${place}`, () => {
        return proxy.log.at('upgrade').length > dials && bench.state === 'live'
      })
      places.push(
        ...printed(`the source after ${place}`, bench.source),
        ...printed(`the bench after ${place}`, [bench.views, bench.published, bench.rows]),
      )
    }
    bench.tokens.failure = { code: 'session_ended', message: 'over' }
    proxy.cut()
    await line.passing('it stopped', () => bench.state === 'stopped')
    places.push({ place: 'the log', content: bench.logged.join('\n') })
    expect(bench.logged.length).toBeGreaterThan(0)
    expect(proxy.requests.some(({ credential }) => credential?.startsWith(canary))).toBe(true)
    expect(findSecrets([canary], places)).toEqual([])
    return `${Object.keys(troubles).length} troubles, ${places.length} prints, ${bench.logged.length} log lines: 0 hits`
  })

  fault(30, 'a crash of the process prints no token', async () => {
    const server = await afterRequest((socket) => socket.resetAndDestroy())
    const { code, places } = await crash({ url: server.socketUrl, token: canary })
    expect(server.received.join()).toContain(canary)
    await server.close()
    expect(code).not.toBe(0)
    expect(places[0]?.content).toContain('the crash')
    expect(places).toHaveLength(2)
    expect(findSecrets([canary], places)).toEqual([])
    return 'a crash, its output and its report: 0 hits'
  })
})
