import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Database } from '../../src/backend/database/database.ts'
import { addUser } from '../../src/backend/supabase/auth-users.ts'
import { startTestBackend, type TestBackend } from '../support/backend.ts'
import { heapBytes } from './heap.ts'
import type { StreamReport } from './stream-clients.ts'
import { memoryOf } from './memory.ts'

const tenants = 20
const socketsPerTenant = 50
const jobsPerTenant = 20
const eventsPerSecond = 2_000
const measuredMs = 60_000
const tickMs = 20
const password = 'only-for-this-bench'

/** A thousand streams of twenty tenants, and what reaches them at a steady rate of events. */
export async function benchStreams(): Promise<string[]> {
  const limits = { socketsPerUser: 2 * socketsPerTenant, streamsPerUser: 2 * socketsPerTenant }
  const backend = await startTestBackend({
    tuning: { limits, work: { scheduled: false } },
  })
  const clients = fork(join(import.meta.dirname, 'stream-clients.ts'), { execArgv: [] })
  try {
    const tokens = await signIn(backend)
    const jobs = await makeJobs(backend.database)
    const heapAtRest = heapMb()
    const atRest = await memoryOf(process.pid)
    clients.send({
      type: 'open',
      url: `${backend.gatewayUrl.replace('http', 'ws')}/ws`,
      tokens: tokens.flatMap((token) => Array<string>(socketsPerTenant).fill(token)),
    })
    const opened = await hear(clients)
    if (opened.type !== 'opened') throw new Error(opened.why)
    const driver = drive(backend.database, jobs)
    await pause(5_000)
    clients.send({ type: 'measure' })
    const { user, system } = process.cpuUsage()
    const before = driver.events()
    await pause(measuredMs)
    const spent = process.cpuUsage({ user, system })
    const events = driver.events() - before
    const loaded = await memoryOf(process.pid)
    await driver.close()
    await pause(2_000)
    clients.send({ type: 'report' })
    const { report } = (await hear(clients)) as { report: StreamReport }
    clients.send({ type: 'close' })
    await once(clients, 'exit')
    await pause(3_000)
    const after = await memoryOf(process.pid)
    const heapAfter = heapMb()
    const { frames, gaps, closed, p50Ms, p95Ms, p99Ms, maxMs } = report
    const cpu = (spent.user + spent.system) / 1e3 / measuredMs
    return [
      `${tenants * socketsPerTenant} sockets of ${tenants} tenants, ${Math.round((events / measuredMs) * 1_000)} events/s: ${frames} frames, ${gaps} gaps, ${closed} closed`,
      `row changed in PostgreSQL to frame, ms  p50 ${p50Ms}  p95 ${p95Ms}  p99 ${p99Ms}  max ${maxMs}`,
      `backend (and this driver) ${(100 * cpu).toFixed(0)} % of a core; Node ${mb(atRest)} at rest, ${mb(loaded)} under load, ${mb(after)} after; heap ${heapAtRest} MB before, ${heapAfter} MB after, collected`,
    ]
  } finally {
    clients.kill()
    await backend.stop()
  }
}

/** What is really held, in MB. */
const heapMb = (): string => (heapBytes() / 1024 / 1024).toFixed(0)

const mb = ({ node }: { readonly node: number }): string => `${node.toFixed(0)} MB`

async function hear(child: ChildProcess): Promise<{ type: string; why: string; report?: unknown }> {
  const [message] = (await once(child, 'message')) as [{ type: string; why: string }]
  return message
}

const tenantOf = (nth: number): string => `tenant-${nth}`

/** One user a tenant; the tokens. */
async function signIn(backend: TestBackend): Promise<string[]> {
  const names = Array.from({ length: tenants }, (_, nth) => tenantOf(nth))
  return Promise.all(
    names.map(async (id) => {
      const email = `operator@${id}.test`
      const tenant = { id, name: id, role: 'admin' }
      const appMetadata = { tenant_id: id, tenants: [tenant] }
      await addUser(backend.database, {
        email,
        password,
        appMetadata,
        userMetadata: {},
        passwordCost: 4,
      })
      const answer = await fetch(`${backend.supabaseUrl}/auth/v1/token?grant_type=password`, {
        method: 'POST',
        headers: { apikey: backend.publishableKey, 'content-type': 'application/json' },
        body: JSON.stringify({ email, password }),
      })
      return ((await answer.json()) as { access_token: string }).access_token
    }),
  )
}

async function makeJobs(database: Database): Promise<string[]> {
  const rows = await database.query<{ id: string }>(
    `insert into public.jobs (id, name, kind, tenant_id, queue, status, worker, started_at)
     select 'bench-' || t || '-' || j, 'Bench ' || j, 'ETL', 'tenant-' || t, 'bench', 'running',
       'bench', clock_timestamp()
     from generate_series(0, $1 - 1) t, generate_series(0, $2 - 1) j returning id`,
    [tenants, jobsPerTenant],
  )
  return rows.map(({ id }) => id)
}

/** Moves so many jobs a tick that the rate holds; one statement a tick. */
function drive(database: Database, jobs: readonly string[]) {
  let events = 0
  let turn = 0
  let open = true
  const beganMs = performance.now()
  const run = async (): Promise<void> => {
    while (open) {
      const due = Math.floor(((performance.now() - beganMs) / 1_000) * eventsPerSecond) - events
      const count = Math.min(due, jobs.length)
      if (count > 0) {
        const ids = Array.from({ length: count }, (_, at) => jobs[(turn + at * 7) % jobs.length])
        const moved = [...new Set(ids)]
        turn = (turn + moved.length * 7 + 1) % jobs.length
        await database.query(
          `update public.jobs set progress = 50 + 50 * random() where id = any ($1)`,
          [moved],
        )
        events += moved.length
      }
      await pause(tickMs)
    }
  }
  const running = run()
  return {
    events: () => events,
    close: async () => {
      open = false
      await running
    },
  }
}
