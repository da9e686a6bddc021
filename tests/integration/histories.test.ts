import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EventPayload } from '../../src/shared/ipc/contract.ts'
import { isFinal } from '../../src/shared/job.ts'
import type { JobRow, JobStatus, WireJob } from '../../src/shared/job.ts'
import { runsOf } from '../support/histories/level.ts'
import { MemoryConsole } from '../support/memory-ports-console.ts'
import type { Mood } from '../support/memory-ports-servers.ts'
import { wireJob } from '../support/wire-jobs.ts'

/**
 * Generated histories of the whole console: whatever happens in whatever order, the invariants I1,
 * I2, I5, I6, I10 and I12 hold after every step. `FC_SEED=n` repeats a run.
 */
const seed = Number(process.env.FC_SEED)
const runs = runsOf({ share: 5_000 })

const people = {
  ada: { email: 'ada@example.com', password: 'lovelace', tenantId: 'acme' },
  bob: { email: 'bob@example.com', password: 'builder', tenantId: 'globex' },
} as const
type Person = keyof typeof people

/** What the test knows: who is signed in, who has left, and everything a window was ever told. */
class Witness {
  readonly desk = new MemoryConsole()
  workspaceId: string | null = null
  readonly tenantOf = new Map<string, string>()
  /** Workspaces whose receipt was given. */
  readonly ended = new Set<string>()
  readonly #shown = new Map<string, JobRow>()
  readonly problems: string[] = []
  #rows = 0

  async start(): Promise<void> {
    // Refreshed 90 s before its end, so after half a minute.
    this.desk.servers.lifetimeS = 120
    this.desk.ipc.on('jobs:batched', (batch) => {
      this.#sawBatch(batch)
      const { workspaceId, batch: number } = batch
      void this.desk.ipc.call('jobs:acknowledge', { workspaceId, batch: number })
    })
    this.desk.ipc.on('workspaces:changed', (views) => {
      for (const { id, operator } of views) {
        if (this.ended.has(id)) this.problems.push(`I2: ended workspace ${id} was published`)
        for (const tenant of operator?.tenants ?? []) this.#sawTenant(id, tenant.id)
      }
    })
    this.desk.ipc.on('session:ended', ({ workspaceId, lines }) => {
      const left = lines.filter((line) => line.left > 0)
      if (left.length > 0)
        this.problems.push(`I1: the receipt says ${JSON.stringify(left)} is left`)
      this.ended.add(workspaceId)
      if (this.workspaceId === workspaceId) this.workspaceId = null
    })
    await this.desk.start()
  }

  sawRows(workspaceId: string, rows: readonly JobRow[]): void {
    for (const row of rows) this.#sawRow(workspaceId, row)
  }

  /** After every step. */
  check(): void {
    const { servers, sockets } = this.desk
    if (servers.peakRefreshing > 1) this.problems.push('I5: two refreshes at once')
    for (const [token, { length: times }] of Map.groupBy(servers.presented, (one) => one)) {
      if (times > (servers.lost.has(token) ? 2 : 1)) {
        this.problems.push(`I5: ${token} was presented ${times} times`)
      }
    }
    const live = sockets.all.filter(({ state }) => state !== 'closed')
    for (const [url, same] of Map.groupBy(live, (socket) => socket.url)) {
      // During a hand-over there is one successor, and it stands on a newer token.
      const tokens = new Set(same.map(({ credential }) => credential?.token))
      if (same.length > 2 || tokens.size < same.length) {
        this.problems.push(`I6: ${same.length} of ${url} on ${tokens.size} tokens`)
      }
    }
    if (this.workspaceId === null && live.length > 0) {
      this.problems.push('I1: a socket without a session')
    }
    expect(this.problems).toEqual([])
  }

  /** What the history was made of. */
  addTo(seen: Record<'dials' | 'rows' | 'receipts' | 'refreshes', number>): void {
    seen.dials += this.desk.sockets.all.length
    seen.rows += this.#rows
    seen.receipts += this.ended.size
    seen.refreshes += this.desk.servers.presented.length
  }

  #sawBatch({ workspaceId, rows, groups }: EventPayload<'jobs:batched'>): void {
    if (this.ended.has(workspaceId))
      this.problems.push(`I2: a batch of ${workspaceId}, which ended`)
    this.sawRows(workspaceId, rows)
    for (const { tenantId } of groups) this.#sawTenant(workspaceId, tenantId)
  }

  #sawRow(workspaceId: string, row: JobRow): void {
    this.#rows += 1
    this.#sawTenant(workspaceId, row.tenantId)
    const key = `${workspaceId}/${row.id}`
    const before = this.#shown.get(key)
    this.#shown.set(key, row)
    if (row.progress < 0 || row.progress > 100) this.problems.push(`I10: ${row.progress} percent`)
    if (before === undefined || row.attempt > before.attempt) return
    if (row.attempt < before.attempt) this.problems.push('I10: the attempt fell')
    else if (row.progress < before.progress) this.problems.push('I10: progress fell')
    else if (isFinal(before.status) && row.status !== before.status) {
      this.problems.push(`I10: ${before.status} became ${row.status}`)
    }
  }

  #sawTenant(workspaceId: string, tenantId: string): void {
    const own = this.tenantOf.get(workspaceId)
    if (own !== undefined && own !== tenantId) {
      this.problems.push(`I12: ${tenantId} was shown in a workspace of ${own}`)
    }
  }
}

interface Model {
  readonly nothing: null
}
type Step = fc.AsyncCommand<Model, Witness>

/** A step runs whenever it makes sense to the witness, then everything that needs no time happens. */
const step = (text: string, run: (witness: Witness) => Promise<void>): Step => ({
  check: () => true,
  run: async (_model, witness) => {
    await run(witness)
    await witness.desk.settle()
    witness.check()
  },
  toString: () => text,
})

const openJobs: Step = step('open the jobs', async (witness) => {
  const { desk, workspaceId } = witness
  if (workspaceId === null) return
  const answer = await desk.ipc.call('jobs:open', { workspaceId })
  if (answer.ok) witness.sawRows(workspaceId, answer.value.rows)
})

const signIn = (person: Person, password: string = people[person].password): Step =>
  step(`sign in as ${person}${password === 'wrong' ? ' wrongly' : ''}`, async (witness) => {
    const { desk } = witness
    const { email, tenantId } = people[person]
    const answer = desk.ipc.call('session:sign-in', { profileId: 'line', email, password })
    const taken = answer.then((outcome) => {
      if (!outcome.ok) return
      witness.workspaceId = outcome.value.workspaceId
      witness.tenantOf.set(outcome.value.workspaceId, tenantId)
    })
    await desk.settle()
    // A second is enough to end whoever was there; a server that is still silent is given up.
    await desk.advance(1_000)
    await desk.settle()
    await desk.ipc.call('session:cancel', { profileId: 'line' })
    await taken
    await openJobs.run({ nothing: null }, witness)
  })

const signOut: Step = step('sign out', async (witness) => {
  const { desk, workspaceId } = witness
  if (workspaceId === null) return
  await desk.signOut(workspaceId)
  witness.workspaceId = null
  // I1: nothing is left the moment the receipt is there.
  desk.expectNoSession()
})

const accept = (nth: number): Step =>
  step(`accept dial ${nth}`, async ({ desk }) => {
    const dialling = desk.sockets.all.filter(({ state }) => state === 'connecting')
    dialling[nth % Math.max(1, dialling.length)]?.accept()
  })

type End = Parameters<MemoryConsole['sockets']['last']['end']>[0]
const drop = (nth: number, ending: End): Step =>
  step(`end socket ${nth} with ${JSON.stringify(ending)}`, async ({ desk }) => {
    const live = desk.sockets.all.filter(({ state }) => state !== 'closed')
    live[nth % Math.max(1, live.length)]?.end(ending)
  })

interface Change {
  readonly id: string
  readonly tenantId: string
  readonly status: JobStatus
  readonly progress: number
  readonly attempt: number
  readonly seq: number
}
/** An attempt ends once and in one way, whoever tells of it: of two ends neither could be believed. */
function toJob({ tenantId, status, ...change }: Change): WireJob {
  const end = change.attempt % 2 === 0 ? 'failed' : 'succeeded'
  return wireJob({ ...change, tenant_id: tenantId, status: isFinal(status) ? end : status })
}

/** An open socket says something of its own job. */
const tell = (nth: number, change: Change): Step =>
  step(`open socket ${nth} tells ${JSON.stringify(change)}`, async ({ desk }) => {
    const open = desk.sockets.all.filter(({ state }) => state === 'open')
    const socket = open[nth % Math.max(1, open.length)]
    const id = socket?.url.split('/').at(-1)?.split('?')[0] ?? ''
    socket?.say({ type: 'snapshot', job: toJob({ ...change, id }) })
  })

/** Any socket ever dialled says anything, also one that was given up long ago. */
const speak = (nth: number, change: Change): Step =>
  step(`socket ${nth} says ${JSON.stringify(change)}`, async ({ desk }) => {
    const { all } = desk.sockets
    all[nth % Math.max(1, all.length)]?.say({ type: 'snapshot', job: toJob(change) })
  })

const serverJob = (change: Change): Step =>
  step(`the server has ${JSON.stringify(change)}`, async ({ desk }) => {
    const known = desk.servers.jobs.get(change.id) ?? toJob({ ...change, status: 'queued', seq: 0 })
    // The server is right by definition: one tenant a job, and no end that is taken back.
    const tenantId = known.tenant_id
    const attempt = Math.max(change.attempt, known.attempt)
    if (attempt === known.attempt && isFinal(known.status)) return
    desk.servers.put(toJob({ ...change, tenantId, attempt, seq: known.seq + 1 }))
  })

const tick = (ms: number): Step => step(`${ms} ms`, ({ desk }) => desk.advance(ms))

const mood = (which: 'auth' | 'gateway', value: Mood): Step =>
  step(`${which} ${value}`, async ({ desk }) => {
    desk.servers[which] = value
  })

const act = (text: string, run: (desk: MemoryConsole) => void): Step =>
  step(text, async ({ desk }) => run(desk))

const change: fc.Arbitrary<Change> = fc.record({
  id: fc.constantFrom('job-1', 'job-2', 'job-3'),
  tenantId: fc.constantFrom('acme', 'acme', 'globex'),
  status: fc.constantFrom<JobStatus[]>('queued', 'running', 'running', 'succeeded', 'failed'),
  progress: fc.integer({ min: 0, max: 100 }),
  attempt: fc.integer({ min: 1, max: 3 }),
  seq: fc.integer({ min: 0, max: 50 }),
})
const nth = fc.nat(5)
const ending = fc.constantFrom<End[]>(
  {},
  { code: 1000 },
  { code: 1008, reason: 'token_expired' },
  { code: 4404 },
  { code: 4429 },
  { code: null, status: 503, retryAfterMs: 2_000 },
  { code: null, status: 401, reason: 'token_expired' },
  { code: null, errorCode: 'ECONNREFUSED' },
)
const moods = fc.constantFrom<Mood[]>('well', 'well', 'silent', 'unreachable', 'failing')
const oneOf = (...steps: Step[]): fc.Arbitrary<Step> => fc.constantFrom(...steps)

const steps: fc.Arbitrary<Step>[] = [
  oneOf(signIn('ada'), signIn('ada'), signIn('bob'), signIn('ada', 'wrong')),
  oneOf(signOut),
  oneOf(openJobs),
  nth.map(accept),
  nth.map(accept),
  fc.tuple(nth, ending).map(([at, how]) => drop(at, how)),
  fc.tuple(fc.nat(30), change).map(([at, what]) => speak(at, what)),
  fc.tuple(nth, change).map(([at, what]) => tell(at, what)),
  fc.tuple(nth, change).map(([at, what]) => tell(at, what)),
  change.map(serverJob),
  fc.constantFrom(50, 300, 1_000, 5_000, 15_000).map(tick),
  // Long enough for a refresh to fall due, or for a token to die meanwhile.
  fc.constantFrom(31_000, 35_000, 125_000).map(tick),
  moods.map((value) => mood('auth', value)),
  moods.map((value) => mood('gateway', value)),
  oneOf(
    act('the next refresh loses its reply', ({ servers }) => {
      servers.losesReply = true
    }),
    act('the server ends every session', ({ servers }) => servers.revokeAll()),
    act('the gateway lists the jobs of every tenant', ({ servers }) => {
      servers.leaks = true
    }),
    act('the computer wakes', ({ power }) => power.resume()),
    act('the wall clock jumps', ({ clock }) => clock.jump(7_200_000)),
    act('the network goes', ({ network }) => {
      network.online = false
    }),
    act('the network is back', ({ network }) => {
      network.online = true
    }),
    act('the window goes', ({ ipc }) => ipc.closeWindow(1)),
  ),
]

const running: Change = {
  id: 'job-1',
  tenantId: 'acme',
  status: 'running',
  progress: 5,
  attempt: 1,
  seq: 1,
}

describe('any history', () => {
  const seen = { dials: 0, rows: 0, receipts: 0, refreshes: 0 }

  const title = `keeps I1, I2, I5, I6, I10 and I12 (${runs} histories, seed ${seed})`
  it(title, { timeout: 120_000 }, async () => {
    const property = fc.asyncProperty(
      fc.commands(steps, { maxCommands: 40, size: 'max' }),
      async (commands) => {
        const witness = new Witness()
        const model = { nothing: null }
        await witness.start()
        try {
          for (const first of [serverJob(running), signIn('ada'), accept(0)]) {
            await first.run(model, witness)
          }
          await fc.asyncModelRun(() => ({ model, real: witness }), commands)
          await signOut.run(model, witness)
        } finally {
          await witness.desk.app.close()
          witness.addTo(seen)
        }
      },
    )
    await fc.assert(property, { seed, numRuns: runs })
    // Histories in which nothing happens keep every invariant.
    expect(Object.entries(seen).filter(([, count]) => count < runs / 10)).toEqual([])
  })
})
