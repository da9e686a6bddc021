import assert from 'node:assert/strict'
import { JobDesk } from '../../../src/main/jobs/job-desk.ts'
import { createLog } from '../../../src/main/lib/log.ts'
import { Scope } from '../../../src/main/lib/scope.ts'
import { Secret } from '../../../src/main/lib/secret.ts'
import { openPollingSource } from '../../../src/main/sources/polling-source.ts'
import { openProgressSource } from '../../../src/main/sources/progress-source.ts'
import { openRealtimeSource } from '../../../src/main/sources/realtime-source.ts'
import type { Source, SourceContext } from '../../../src/main/sources/source.ts'
import { openStreamSource } from '../../../src/main/sources/stream-source.ts'
import { Positions } from '../../../src/main/workspaces/positions.ts'
import { Watch } from '../../../src/main/workspaces/watch.ts'
import { jobTableSchema } from '../../../src/shared/profile.ts'
import { isFinal } from '../../../src/shared/job.ts'
import type { JobRow } from '../../../src/shared/job.ts'
import { FakeClock, settleAll } from '../fake-clock.ts'
import { FakeTokens } from '../fake-tokens.ts'
import { MemoryNetwork } from '../memory-ports.ts'
import { wireJob } from '../wire-jobs.ts'
import { Gateway } from './gateway.ts'
import type { Seen } from './level.ts'
import { Net } from './net.ts'
import { Pane } from './pane.ts'
import type { Step } from './source-steps.ts'
import { TableServer } from './table-server.ts'
import { essence, Truth } from './truth.ts'
import type { Turn } from './truth.ts'

const tenantIds = ['acme']

const openers = {
  progress: openProgressSource,
  stream: openStreamSource,
  realtime: openRealtimeSource,
  polling: openPollingSource,
}
export type Kind = keyof typeof openers

/** Sources of one operator over a network that does all that networks do. */
export class SourcesLife {
  readonly #seen: Seen
  readonly #clock = new FakeClock()
  readonly #scope = new Scope('workspace')
  readonly #tokens = new FakeTokens()
  readonly #truth = new Truth()
  readonly #gateway = new Gateway(this.#truth, tenantIds)
  readonly #supabase = new TableServer(this.#truth, tenantIds)
  readonly #net: Net
  readonly #desk: JobDesk
  readonly #watch: Watch
  readonly #pane = new Pane(tenantIds)
  readonly #positions = new Positions()
  readonly #sources = new Map<Kind, { readonly source: Source; readonly scope: Scope }>()
  #presented = 0
  #jumpedMs = 0

  constructor(seen: Seen, kinds: readonly Kind[]) {
    this.#seen = seen
    this.#net = new Net(this.#clock, {
      'gateway.test': this.#gateway,
      'supabase.test': this.#supabase,
    })
    this.#gateway.net = this.#net
    this.#supabase.net = this.#net
    this.#desk = new JobDesk({
      scope: this.#scope.child('desk'),
      clock: this.#clock,
      workspaceId: 'w1',
      publish: () => undefined,
    })
    this.#watch = new Watch({
      scope: this.#scope,
      clock: this.#clock,
      network: new MemoryNetwork(),
      desk: this.#desk,
      session: () => ({ kind: 'signed-in', expiresAtMs: 0 }),
      sources: () => [...this.#sources.values()].map(({ source }) => source.view),
      onNews: () => this.#watch.look(),
      onLost: () => undefined,
    })
    for (const job of ['a', 'b']) this.#truth.turn('acme', job, { to: 'running', progress: 0 })
    for (const kind of kinds) this.#open(kind)
  }

  async step(step: Step): Promise<void> {
    const { token } = this.#tokens
    await this.#act(step)
    await settleAll()
    this.#check(token)
  }

  async #act(step: Step): Promise<void> {
    switch (step.do) {
      case 'turn':
        this.#turn('acme', step.id, step.turn)
        break
      case 'elsewhere':
        this.#turn('globex', step.id, step.turn)
        break
      case 'remove':
        this.#remove(step.id)
        break
      case 'trespass':
        this.#gateway.trespass(wireJob({ id: step.id, tenant_id: 'globex', seq: 99 }))
        break
      case 'dials':
        this.#net.dialling = step.go
        break
      case 'requests':
        this.#net.asking = step.go
        break
      case 'garble':
        this.#net.garbling = step.next
        break
      case 'cut':
        this.#net.cut(step.nth)
        break
      case 'cut all':
        this.#net.cutAll()
        break
      case 'mute':
        this.#net.mute()
        break
      case 'restart':
        this.#restart()
        break
      case 'renew':
        await this.#tokens.renew(new Secret(this.#tokens.token))
        break
      case 'no token':
        this.#tokens.failure = { code: 'unreachable', message: '' }
        break
      case 'token':
        this.#tokens.failure = null
        break
      case 'wake':
        for (const { source } of this.#sources.values()) source.wake()
        break
      case 'jump':
        this.#clock.jump(step.ms)
        this.#jumpedMs += step.ms
        break
      case 'pass':
        await this.#pass(step.ms)
        break
      default:
        step satisfies never
    }
  }

  /** I8: whatever happened, once it is connected and quiet, what is shown is what the server has. */
  async end(cut: boolean, isTold: boolean): Promise<void> {
    this.#net.heal()
    this.#tokens.failure = null
    for (const [kind, { source }] of this.#sources) {
      if (source.stopped !== null) this.#open(kind)
      else source.wake()
    }
    if (cut) this.#net.cutAll()
    // Half-open sockets are found, and the longest backoff is over.
    await this.#pass(12_000)
    for (const { source } of this.#sources.values()) source.wake()
    await this.#pass(4_000)
    // What was lost on an open socket shows with the next word, or without one when it is looked for.
    if (isTold) this.#goOn()
    await this.#pass(this.#isSlow ? 66_000 : isTold ? 9_000 : 40_000)
    for (const { source } of this.#sources.values()) assert.equal(source.view.state, 'live')
    const expected = this.#truth.of(tenantIds).map((job) => [job.id, essence(job), false])
    // What is over is asked for once: that a server prunes it shows with the next interruption.
    const isPruned = (row: JobRow): boolean =>
      isFinal(row.status) && this.#truth.find(tenantIds, row.id) === undefined
    const rows = this.#rows()
      .filter((row) => !isPruned(row))
      .map((row) => [row.id, essence(row), row.remembered])
    assert.deepEqual(
      new Map(sorted(rows)),
      new Map(sorted(expected)),
      'I8: not what the server has',
    )
    await this.#close()
  }

  #goOn(): void {
    for (const { tenant_id, id } of this.#truth.of(tenantIds)) {
      this.#turn(tenant_id, id, { to: 'running', progress: 0 })
    }
    // Where every job is over, it is another one that begins.
    for (const tenantId of tenantIds) this.#turn(tenantId, 'last', { to: 'running', progress: 0 })
  }

  #turn(tenantId: string, jobId: string, turn: Turn): void {
    const before = this.#truth.find([tenantId], jobId)
    const event = this.#truth.turn(tenantId, jobId, turn)
    if (event === null) return
    this.#gateway.tell(event, before)
    this.#supabase.tell(event)
    this.#seen.note('events')
  }

  /** What shows with the next look at the whole table. */
  get #isSlow(): boolean {
    return this.#sources.has('realtime') || this.#sources.has('polling')
  }

  #remove(jobId: string): void {
    if (!this.#truth.remove('acme', jobId)) return
    this.#gateway.forget(jobId)
    this.#supabase.forget(jobId)
    // A stream has no word for it, and that of Realtime is said once: what a server forgot shows for
    // certain when it begins anew.
    if (this.#sources.has('stream') || this.#sources.has('realtime')) this.#restart()
  }

  #restart(): void {
    this.#gateway.restart()
    this.#supabase.restart()
    // What was said in the history before is no measure.
    this.#pane.forget()
  }

  #check(tokenBefore: string): void {
    for (const row of this.#rows()) this.#pane.look(row)
    const { presented } = this.#net
    for (const token of presented.slice(this.#presented)) {
      assert.ok(numberOf(token) >= numberOf(tokenBefore), `I13: ${token} was presented`)
    }
    this.#presented = presented.length
    for (const [url, same] of Map.groupBy(this.#net.live, (socket) => socket.url)) {
      // While a newer token is brought in there is one successor.
      const tokens = new Set(same.map(({ credential }) => credential?.token))
      const isHandOver = same.length === 2 && tokens.size === 2
      assert.ok(same.length === 1 || isHandOver, `I6: ${same.length} of ${url}`)
    }
    this.#checkHonesty()
  }

  /** I14: "live" is said for 12 s after something was heard; what is not live is marked so. */
  #checkHonesty(): void {
    const { kind } = this.#watch.look()
    const silentMs = this.#clock.monotonic() - this.#net.heardAtMs
    const isSaid = kind === 'live' || kind === 'partial'
    assert.ok(!isSaid || silentMs <= 12_000, `I14: ${kind} after ${silentMs} ms of silence`)
    this.#seen.note(kind)
    if (isSaid || kind === 'connecting') return
    // A list may still come in while the sockets do not: what it names was heard of. A row says so
    // every five seconds at most.
    const heardAfterMs = this.#clock.now() - this.#jumpedMs - 17_000
    const unmarked = this.#rows().filter(
      (row) => !row.remembered && !isFinal(row.status) && row.heardAtMs < heardAfterMs,
    )
    assert.deepEqual(unmarked, [], `I14: shown as true while ${kind}`)
  }

  /** I2: after the end nothing is dialled, asked, or shown. */
  async #close(): Promise<void> {
    const closing = this.#scope.close('signed out')
    const dials = this.#net.sockets.all.length
    await closing
    await settleAll()
    for (const socket of this.#net.sockets.all) {
      socket.haunt({ type: 'snapshot', job: wireJob({ id: 'a' }) })
    }
    await this.#pass(40_000)
    assert.deepEqual(
      [this.#net.live.length, this.#clock.armed, this.#net.pending, this.#desk.size],
      [0, 0, 0, 0],
      'I1: something is left',
    )
    assert.equal(this.#net.sockets.all.length, dials, 'I2: a closed source dialled')
  }

  #rows(): readonly JobRow[] {
    const { rows } = this.#desk.open(1)
    this.#desk.closeWindow(1)
    return rows
  }

  #pass(ms: number): Promise<void> {
    return this.#clock.advance(ms, settleAll)
  }

  #open(kind: Kind): void {
    void this.#sources.get(kind)?.scope.close('opened anew')
    const scope = this.#scope.child(kind)
    const context: SourceContext = {
      scope,
      clock: this.#clock,
      random: () => 0.5,
      sockets: this.#net.open,
      fetch: this.#net.fetch,
      tokens: this.#tokens,
      sink: this.#watch.sinkOf(kind),
      gatewayUrl: 'http://gateway.test',
      supabaseUrl: 'http://supabase.test',
      publishableKey: 'sb_publishable_fake',
      jobTable: jobTableSchema.parse({}),
      position: this.#positions.of(kind),
      tokenTransport: 'header',
      tenantIds,
      log: createLog('test', this.#clock, () => undefined),
    }
    const source = openers[kind](context)
    scope.own(source.onChanged(() => this.#watch.look()))
    this.#sources.set(kind, { source, scope })
  }
}

const numberOf = (token: string): number => Number(/^token-(\d+)$/.exec(token)?.[1])

const sorted = (entries: readonly (readonly unknown[])[]): [unknown, unknown][] =>
  entries
    .map(([key, ...values]): [unknown, unknown] => [key, values])
    .sort(([a], [b]) => String(a).localeCompare(String(b)))
