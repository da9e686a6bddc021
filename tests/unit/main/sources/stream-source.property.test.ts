import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../../../src/main/lib/secret.ts'
import { openStreamSource } from '../../../../src/main/sources/stream-source.ts'
import { isFinal } from '../../../../src/shared/job.ts'
import type { WireJob } from '../../../../src/shared/job.ts'
import type { Gap } from '../../../../src/shared/workspace.ts'
import { settle } from '../../../support/fake-clock.ts'
import { FakeSockets } from '../../../support/fake-socket.ts'
import { MemoryStream } from '../../../support/memory-stream.ts'
import { SourceBench } from '../../../support/source-bench.ts'
import { wireJob } from '../../../support/wire-jobs.ts'

/** Whatever happens on the way: `FC_SEED=n` repeats a run. */
const seed = Number(process.env.FC_SEED)
const runs = Number(process.env.FC_RUNS ?? 300)

type State = Pick<WireJob, 'id' | 'attempt' | 'seq' | 'status' | 'progress'>
const text = ({ id, attempt, seq, status, progress }: State): string =>
  `${id} ${attempt}.${seq} ${status} ${progress}`

class Witness {
  readonly sockets = new FakeSockets()
  readonly stream = new MemoryStream(this.sockets)
  readonly bench: SourceBench
  #gap: Gap | undefined

  constructor() {
    for (const id of ['a', 'b', 'c', 'd', 'e']) this.stream.jobs.set(id, wireJob({ id }))
    this.bench = new SourceBench({
      gatewayUrl: 'http://127.0.0.1:1',
      open: openStreamSource,
      sockets: this.sockets.open,
      fetch: this.stream.fetch,
    })
  }

  /** The next event of a job: on, to its end, or again. */
  next(id: string, ends: boolean): WireJob {
    const before = this.stream.jobs.get(id) ?? wireJob({ id, seq: 0 })
    if (isFinal(before.status)) {
      return wireJob({ id, attempt: before.attempt + 1, seq: 1, progress: 0 })
    }
    const progress = Math.min(99, before.progress + 1)
    const status = ends ? 'failed' : 'running'
    return { ...before, seq: before.seq + 1, progress, status }
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 500) {
      await this.bench.clock.advance(Math.min(500, left))
      await this.exchange()
    }
  }

  /** Both sides say what they have to say. */
  async exchange(): Promise<void> {
    for (let turn = 0; turn < 3; turn += 1) {
      this.stream.serve()
      await settle()
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
  }

  check(): void {
    expect(this.sockets.live).toBeLessThanOrEqual(2)
    expect(this.bench.desk.dropped).toBe(0)
    const { gap } = this.bench.source.view
    if (gap === this.#gap) return
    this.#gap = gap
    // What is said to be whole, is.
    if (gap?.missing === 0) this.isAsServed()
  }

  isAsServed(): void {
    const served = [...this.stream.jobs.values()].map(text).sort()
    expect(this.bench.rows.map(text).sort()).toEqual(served)
  }
}

const ids = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'new')
type Step = (witness: Witness) => Promise<unknown>
const step = (weight: number, name: string, run: (witness: Witness) => unknown) => ({
  weight,
  arbitrary: fc.constant<[string, Step]>([name, async (witness) => run(witness)]),
})
const changes = (told: boolean, weight: number) => ({
  weight,
  arbitrary: fc.tuple(ids, fc.boolean()).map(([id, ends]): [string, Step] => [
    `${told ? 'change' : 'lose'} ${id}${ends ? ' to its end' : ''}`,
    async (witness) => {
      const job = witness.next(id, ends)
      if (told) witness.stream.change(job)
      else witness.stream.lose(job)
    },
  ]),
})
const steps = fc.oneof(
  changes(true, 12),
  changes(false, 2),
  step(2, 'say it twice', ({ stream }) => stream.repeat(3)),
  step(2, 'cut', ({ stream }) => stream.open.forEach((socket) => socket.end())),
  step(2, 'expire what is old', ({ stream, bench }) => stream.expire(bench.tokens.token)),
  step(2, 'renew', ({ bench }) => bench.tokens.renew(new Secret(bench.tokens.token))),
  step(1, 'take tokens', ({ stream }) => (stream.auth = 'take')),
  step(1, 'refuse tokens', ({ stream }) => (stream.auth = 'refuse')),
  step(1, 'ignore tokens', ({ stream }) => (stream.auth = 'ignore')),
  step(1, 'begin anew on the open socket', ({ stream }) => stream.begin()),
  step(1, 'another history', ({ stream }) => stream.restart()),
  step(1, 'forget what was', ({ stream }) => (stream.kept = 0)),
  step(1, 'remember again', ({ stream }) => (stream.kept = 20)),
  step(1, 'go down', ({ stream }) => (stream.isUp = false)),
  step(2, 'come up', ({ stream }) => (stream.isUp = true)),
  step(1, 'wake', ({ bench }) => bench.source.wake()),
  step(2, 'a second', (witness) => witness.pass(1_000)),
  step(2, 'a quarter of a minute', (witness) => witness.pass(15_000)),
)

describe('the stream source, over generated histories', () => {
  const name = `I6, I8: shows in the end what the server has, and claims no more (${runs} runs)`
  it(name, { timeout: 60_000 + runs * 50 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 40 }), async (history) => {
        const witness = new Witness()
        const { stream, bench } = witness
        await witness.exchange()
        for (const [, run] of history) {
          await run(witness)
          await witness.exchange()
          witness.check()
        }
        stream.isUp = true
        // A hole shows without a further event.
        await witness.pass(60_000)
        expect(bench.state).toBe('live')
        witness.isAsServed()
        expect(bench.rows.filter(({ remembered }) => remembered)).toEqual([])
        await bench.scope.close('test over')
        expect([bench.clock.armed, witness.sockets.live, bench.scope.size]).toEqual([0, 0, 0])
      }),
      { numRuns: runs, ...(Number.isNaN(seed) ? {} : { seed }) },
    )
  })
})
