import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { JobDesk } from '../../src/main/jobs/job-desk.ts'
import { systemClock } from '../../src/main/lib/clock.ts'
import { createLog } from '../../src/main/lib/log.ts'
import { Scope } from '../../src/main/lib/scope.ts'
import { openProgressSource } from '../../src/main/sources/progress-source.ts'
import { Positions } from '../../src/main/workspaces/positions.ts'
import { jobTableSchema } from '../../src/shared/profile.ts'
import type { RenewalOrder, Sent } from './renewal-server.ts'
import { RenewalTokens } from './renewal-tokens.ts'
import type { RenewalServer } from './renewal-tokens.ts'
import { RenewalWatch } from './renewal-watch.ts'
import type { Silence } from './renewal-watch.ts'

const jobs = 200
const perSecond = 5
const renewals = 5
/** How long each of them is watched, and as long without one before it. */
const watchedMs = 3_000
const restMs = 2_000

interface Renewal {
  readonly usual: Silence
  readonly during: Silence
  readonly tookMs: number
  readonly dials: number
}

/** Progress sockets whose token is renewed while their jobs move: make before break. */
export async function benchRenewal(): Promise<string[]> {
  const script = join(import.meta.dirname, 'renewal-server.ts')
  const child = fork(script, [String(jobs), String(perSecond)], { execArgv: [] })
  const scope = new Scope('bench')
  try {
    const server = await hear<RenewalServer>(child)
    const tokens = new RenewalTokens(server)
    await tokens.signIn()
    const watch = open(scope, server, tokens)
    await until('every job has its socket', () => watch.open === jobs)
    await order(child, 'drive')
    await pause(watchedMs)
    const seen: Renewal[] = []
    for (let nth = 0; nth < renewals; nth += 1) seen.push(await renew(watch, tokens))
    const sent = (await order<Sent>(child, 'rest')) ?? []
    await pause(restMs)
    const lines = linesOf(watch, sent, seen)
    await scope.close('done')
    await order(child, 'close')
    return lines
  } finally {
    await scope.close('done')
    child.kill()
  }
}

async function renew(watch: RenewalWatch, tokens: RenewalTokens): Promise<Renewal> {
  watch.restart()
  await pause(watchedMs)
  const usual = watch.silence
  const before = watch.dials
  watch.restart()
  const beganMs = performance.now()
  await tokens.next()
  await until('every line has a new socket', () => {
    return watch.dials - before >= jobs && watch.open === jobs
  })
  const tookMs = performance.now() - beganMs
  await pause(Math.max(0, watchedMs - tookMs))
  return { usual, during: watch.silence, tookMs, dials: watch.dials - before }
}

function open(scope: Scope, server: RenewalServer, tokens: RenewalTokens): RenewalWatch {
  const clock = systemClock()
  const watch = new RenewalWatch()
  const desk = new JobDesk({
    scope: scope.child('desk'),
    clock,
    workspaceId: 'bench',
    // A window that paints at once.
    publish: (windowId, { batch, rows }) => {
      watch.show(rows)
      desk.acknowledge(windowId, batch)
    },
  })
  desk.open(1)
  openProgressSource({
    scope: scope.child('source'),
    clock,
    random: Math.random,
    sockets: watch.sockets,
    fetch: globalThis.fetch,
    tokens,
    sink: desk.sinkOf('progress'),
    gatewayUrl: server.url,
    supabaseUrl: server.supabaseUrl,
    publishableKey: server.publishableKey,
    jobTable: jobTableSchema.parse({}),
    position: new Positions().of('progress'),
    tokenTransport: 'header',
    tenantIds: ['acme-freight'],
    log: createLog('bench', clock, () => undefined),
  })
  return watch
}

function linesOf(watch: RenewalWatch, sent: Sent, seen: readonly Renewal[]): string[] {
  const missing = sent.map(({ id, seq }) => watch.missing(id, seq))
  const events = sent.reduce((sum, { seq }) => sum + seq - 1, 0)
  const sum = (of: 'holes' | 'lost'): number => missing.reduce((all, each) => all + each[of], 0)
  const most = (of: (each: Renewal) => number): string => Math.max(...seen.map(of)).toFixed(0)
  return [
    `${jobs} sockets, ${events.toLocaleString('en')} events, ${perSecond}/s a job, ${renewals} renewals of ${most(({ dials }) => dials)} dials each`,
    `events lost             ${sum('lost')}   (aim 0; the row never came to them or to a later one)`,
    `never told              ${sum('holes')}   (no socket told of them; a later one did)`,
    `all sockets anew        ${most(({ tookMs }) => tookMs)} ms at most`,
    `longest silence of a job, as the sockets tell it, ms  ${most(({ during }) => during.toldMs)} while renewed, ${most(({ usual }) => usual.toldMs)} without`,
    `longest silence of a row, in batches for a window, ms ${most(({ during }) => during.shownMs)} while renewed, ${most(({ usual }) => usual.shownMs)} without`,
  ]
}

async function order<T = null>(child: ChildProcess, type: RenewalOrder['type']): Promise<T | null> {
  const answer = hear<T | null>(child)
  child.send({ type })
  return answer
}

async function hear<T>(child: ChildProcess): Promise<T> {
  const [said] = (await once(child, 'message')) as [{ answer: T; error?: string }]
  if (said.error !== undefined) throw new Error(said.error)
  return said.answer
}

async function until(what: string, check: () => boolean): Promise<void> {
  for (let waitedMs = 0; !check(); waitedMs += 5) {
    if (waitedMs > 15_000) throw new Error(`in vain until ${what}`)
    await pause(5)
  }
}
