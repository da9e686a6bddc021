import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { WebSocketServer } from 'ws'
import { systemClock } from '../../src/main/lib/clock.ts'
import { Scope } from '../../src/main/lib/scope.ts'
import { openSocket } from '../../src/main/lib/sockets.ts'
import type { Clock, SocketFactory } from '../../src/main/ports.ts'
import { Connection } from '../../src/main/sources/connection.ts'
import { DialGate } from '../../src/main/sources/dial-gate.ts'
import { TokenForm } from '../../src/main/sources/token-form.ts'
import { FakeClock, settleAll } from '../support/fake-clock.ts'
import { FakeSockets } from '../support/fake-socket.ts'
import { FakeTokens } from '../support/fake-tokens.ts'
import { percentile } from './percentiles.ts'

const clients = 1_000
const windowMs = 100
const simulations = 20
const realRounds = 2
/** The first redial is due within 2 s. */
const watchedMs = 3_000

/** A thousand consoles with one connection each: every one has a gate of its own. */
class Fleet {
  readonly scope = new Scope('bench')
  readonly #clock: Clock
  /** Since the cut, one a client. */
  readonly waitsMs: number[] = []
  readonly #connections: Connection[] = []
  open = 0
  #cutAtMs: number | null = null

  constructor(clock: Clock, sockets: SocketFactory, url: string) {
    this.#clock = clock
    for (let nth = 0; nth < clients; nth += 1) this.#add(sockets, url)
  }

  start(): void {
    for (const connection of this.#connections) connection.start()
  }

  cut(act: () => void): void {
    this.#cutAtMs = this.#clock.monotonic()
    act()
  }

  #add(sockets: SocketFactory, url: string): void {
    const known = { redialled: false }
    const connection = new Connection({
      scope: this.scope.child('client'),
      clock: this.#clock,
      random: Math.random,
      sockets: (request) => {
        if (this.#cutAtMs !== null && !known.redialled) {
          known.redialled = true
          this.waitsMs.push(this.#clock.monotonic() - this.#cutAtMs)
        }
        return sockets(request)
      },
      tokens: new FakeTokens(),
      form: new TokenForm('header'),
      gate: new DialGate(),
      url,
      onMessage: () => true,
      onHeard: () => undefined,
      isOver: () => false,
      onChanged: (state, before) => {
        if (before.kind === 'open') this.open -= 1
        if (state.kind === 'open') this.open += 1
      },
    })
    this.#connections.push(connection)
  }
}

interface Spread {
  /** Share of all dials in the worst 100 ms, wherever these begin. */
  readonly worst: number
  readonly meanMs: number
}

function spreadOf(waitsMs: readonly number[]): Spread {
  if (waitsMs.length !== clients) throw new Error(`${waitsMs.length} of ${clients} dialled again`)
  const sorted = waitsMs.toSorted((a, b) => a - b)
  let most = 0
  let from = 0
  for (const [to, atMs] of sorted.entries()) {
    while ((sorted[from] ?? 0) <= atMs - windowMs) from += 1
    most = Math.max(most, to - from + 1)
  }
  const meanMs = sorted.reduce((sum, each) => sum + each, 0) / clients
  return { worst: most / clients, meanMs }
}

async function simulate(): Promise<Spread> {
  const clock = new FakeClock()
  const sockets = new FakeSockets()
  const fleet = new Fleet(clock, sockets.open, 'ws://127.0.0.1:1/ws')
  fleet.start()
  await settleAll()
  for (const socket of sockets.all) socket.accept()
  await clock.advance(1_000)
  const lost = [...sockets.all]
  fleet.cut(() => {
    for (const socket of lost) socket.end()
  })
  await clock.advance(watchedMs)
  await fleet.scope.close('done')
  return spreadOf(fleet.waitsMs)
}

/** The server cuts every connection without a goodbye. Both ends share this process. */
async function forReal(): Promise<Spread & { readonly backMs: number }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', backlog: 2 * clients })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const fleet = new Fleet(systemClock(), openSocket, `ws://127.0.0.1:${port}/ws`)
  try {
    fleet.start()
    await allOpen(fleet)
    const cutAtMs = performance.now()
    fleet.cut(() => {
      for (const socket of server.clients) socket.terminate()
    })
    while (fleet.open === clients) await pause(1)
    await allOpen(fleet)
    return { ...spreadOf(fleet.waitsMs), backMs: performance.now() - cutAtMs }
  } finally {
    await fleet.scope.close('done')
    for (const socket of server.clients) socket.terminate()
    server.close()
  }
}

async function allOpen(fleet: Fleet): Promise<void> {
  for (let waitedMs = 0; fleet.open < clients; waitedMs += 10) {
    if (waitedMs > 20_000) throw new Error(`${fleet.open} of ${clients} are connected`)
    await pause(10)
  }
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`

function linesOf(head: string, runs: readonly Spread[]): string[] {
  const worst = runs.map((run) => run.worst)
  const mean = runs.map(({ meanMs }) => meanMs)
  return [
    head,
    `worst ${windowMs} ms  ${percent(percentile(worst, 0.5))} of the dials, at most ${percent(Math.max(...worst))}   (aim at most 10 %)`,
    `mean wait     ${seconds(percentile(mean, 0.5))}, at most ${seconds(Math.max(...mean))}   (aim at most 1.1 s)`,
  ]
}

/** A thousand clients lose their server at one moment: when each of them dials again. */
export async function benchRedial(): Promise<string[]> {
  const simulated: Spread[] = []
  for (let run = 0; run < simulations; run += 1) simulated.push(await simulate())
  const real: Awaited<ReturnType<typeof forReal>>[] = []
  for (let run = 0; run < realRounds; run += 1) real.push(await forReal())
  const backMs = Math.max(...real.map((run) => run.backMs))
  return [
    ...linesOf(`fake clock, median of ${simulations} runs`, simulated),
    ...linesOf(`real sockets and time on loopback, ${realRounds} runs`, real),
    `all back      ${seconds(backMs)} after the cut`,
  ]
}
