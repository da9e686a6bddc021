import { expect } from 'vitest'
import type { WireJob } from '../../src/shared/job.ts'
import { FakeClock } from './fake-clock.ts'
import { FaultProxy } from './fault-proxy.ts'
import { ScriptedGateway } from './scripted-gateway.ts'
import { SourceBench } from './source-bench.ts'
import type { SourceBenchOptions } from './source-bench.ts'
import { until } from './until.ts'
import { wireJob } from './wire-jobs.ts'

export interface LiveSourceOptions extends Partial<SourceBenchOptions> {
  /** What the gateway has at first; one running job unless given. */
  readonly jobs?: readonly WireJob[]
  /** Frames can be dropped, changed and added from the first socket on. */
  readonly frames?: boolean
  /** Before the source is opened. */
  readonly arrange?: (gateway: ScriptedGateway, proxy: FaultProxy) => void
}

/** How long a network is given for what needs no time of ours, in turns of the event loop. */
const turns = 4

/** A progress source on a scripted gateway behind the fault proxy; only time is the test's. */
export class LiveSource {
  readonly gateway: ScriptedGateway
  readonly proxy: FaultProxy
  readonly bench: SourceBench

  private constructor(gateway: ScriptedGateway, proxy: FaultProxy, bench: SourceBench) {
    this.gateway = gateway
    this.proxy = proxy
    this.bench = bench
  }

  static async open(options: LiveSourceOptions = {}): Promise<LiveSource> {
    const { jobs = [wireJob()], frames = false, arrange, ...rest } = options
    const clock = rest.clock ?? new FakeClock()
    const gateway = await ScriptedGateway.listen()
    const proxy = await FaultProxy.start(gateway.url, { clock })
    proxy.frames = frames
    for (const job of jobs) gateway.put(job)
    arrange?.(gateway, proxy)
    const bench = new SourceBench({ gatewayUrl: proxy.url, ...rest, clock })
    return new LiveSource(gateway, proxy, bench)
  }

  /** The same, live with a socket for each of its jobs when this returns. */
  static async live(options: LiveSourceOptions = {}): Promise<LiveSource> {
    const live = await LiveSource.open(options)
    await live.reached('live', options.jobs?.length ?? 1)
    return live
  }

  /** Without letting time go by. */
  reached(state: SourceBench['state'], sockets = this.bench.source.view.sockets): Promise<void> {
    return until(`it is ${state} with ${sockets} sockets`, () => {
      const { view } = this.bench.source
      return view.state === state && view.sockets === sockets
    })
  }

  /** Lets time go by in small steps, and the network in between, until it has come to it. */
  async passing(what: string, check: () => boolean, withinMs = 60_000): Promise<void> {
    const stepMs = 50
    for (let ms = 0; ms < withinMs && !check(); ms += stepMs) {
      await this.bench.clock.advance(stepMs)
      await this.turn()
    }
    if (!check()) throw new Error(`${withinMs} ms went by in vain until ${what}`)
  }

  /** So many seconds go by, and the network after each of them. */
  async seconds(count: number): Promise<void> {
    for (let second = 0; second < count; second += 1) {
      await this.bench.clock.advance(1_000)
      await this.turn()
    }
  }

  /** The network gets its turns; time stands still. */
  async turn(): Promise<void> {
    for (let turn = 0; turn < turns; turn += 1) await new Promise((run) => setImmediate(run))
  }

  /** So many rounds of discovery go by. */
  async rounds(count: number): Promise<void> {
    const asked = (): number =>
      this.gateway.requests.filter(({ path }) => path.endsWith('/status')).length
    const before = asked()
    await this.passing(`${count} rounds went by`, () => asked() >= before + count)
  }

  /** Nothing is left on either side, and no token stands in the log. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { scope, clock, logged } = this.bench
    this.gateway.each((socket) => socket.resume())
    await scope.close('test over')
    if (this.proxy.slowness.latencyMs !== undefined) {
      // What is on a slow way would need more time to come to its end.
      this.proxy.cut()
      await until('nothing is on the way', () => clock.armed === 0)
    }
    expect([scope.size, clock.armed]).toEqual([0, 0])
    await until('the server has no connection left', () => this.gateway.connections === 0)
    await this.proxy.stop()
    await this.gateway.close()
    expect(logged.join('')).not.toContain('token-')
  }
}
