// The other end of the soak, in a process of its own so that its memory and its handles are not the
// console's: a real backend without jobs of its own, a driver that moves jobs while it is told to, and
// the way to the console, on which things go wrong as they are told to.
import { setTimeout as pause } from 'node:timers/promises'
import type { Database } from '../../src/backend/database/database.ts'
import { startTestBackend } from '../support/backend.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { takeOrders } from '../support/orders.ts'
import { mendProxy, soakFaults } from './faults.ts'

/** What the soak asks for. */
export type SoakOrder =
  | { readonly type: 'drive' | 'rest' | 'mend' | 'state' | 'close' }
  /** One of `soakFaults`, after what was before is mended. */
  | { readonly type: 'strike'; readonly fault: string }

const tenantId = 'acme-freight'
const activeJobs = 40
/** Then those that ended longest ago begin anew, so that what is held does not grow for ever. */
const mostJobs = 240
const tickMs = 100
const tokenLifetimeSeconds = 150

const backend = await startTestBackend({
  auth: { tokenLifetimeSeconds },
  tuning: { work: { scheduled: false } },
})
const { database } = backend
const proxy = await FaultProxy.start(backend.gatewayUrl)
proxy.frames = true
let driving: Promise<void> | null = null
let isDriving = false

/** Two jobs a tick move; now and then one ends, fails, begins anew, or is new. */
async function drive(): Promise<void> {
  while (isDriving) {
    await fill(database)
    await database.query(
      `update public.jobs set progress = least(99, progress + 3 * random()),
         message = 'at ' || clock_timestamp()
       where id in (
         select id from public.jobs where queue = 'soak' and status = 'running'
         order by random() limit 2
       )`,
    )
    if (Math.random() < 0.15) await end()
    await pause(tickMs)
  }
}

async function fill(on: Database): Promise<void> {
  await on.query(
    `insert into public.jobs (id, name, kind, tenant_id, queue, status, worker, started_at)
     select 'soak-' || gen_random_uuid(), 'Soak', 'ETL', $1, 'soak', 'running', 'soak',
       clock_timestamp()
     from (
       select count(*)::integer as jobs,
         (count(*) filter (where status = 'running'))::integer as running
       from public.jobs where queue = 'soak'
     ) now, generate_series(1, least($2 - now.running, $3 - now.jobs))`,
    [tenantId, activeJobs, mostJobs],
  )
  await on.query(
    `update public.jobs set status = 'running', attempt = attempt + 1, progress = 0,
       started_at = clock_timestamp(), finished_at = null, error = null
     where id in (
       select id from public.jobs where queue = 'soak' and status <> 'running'
       order by finished_at
       limit greatest(0, $1 - (
         select count(*) from public.jobs where queue = 'soak' and status = 'running'
       ))
     )`,
    [activeJobs],
  )
}

async function end(): Promise<void> {
  const one = `id = (
    select id from public.jobs where queue = 'soak' and status = 'running' order by random() limit 1
  )`
  await database.query(
    Math.random() < 0.7
      ? `update public.jobs set status = 'succeeded', progress = 100,
           finished_at = clock_timestamp() where ${one}`
      : `update public.jobs set status = 'failed', finished_at = clock_timestamp(),
           error = '{"code":"soak","message":"as asked"}' where ${one}`,
  )
  await database.query(
    `update public.jobs set status = 'running', attempt = attempt + 1, progress = 0,
       finished_at = null, error = null
     where id = (
       select id from public.jobs where queue = 'soak' and status = 'failed' and random() < 0.5
       order by finished_at desc limit 1
     )`,
  )
}

async function rest(): Promise<void> {
  isDriving = false
  await driving
  driving = null
}

/** Its log is for those who look at single frames; here it would only grow. */
function mend(): void {
  mendProxy(proxy)
  proxy.log.events.splice(0)
  proxy.requests.splice(0)
  proxy.tokens.splice(0)
}

async function obey(order: SoakOrder): Promise<unknown> {
  switch (order.type) {
    case 'drive':
      isDriving = true
      driving ??= drive()
      return null
    case 'rest':
      return rest()
    case 'mend':
      mend()
      return null
    case 'strike':
      mend()
      return soakFaults.find(({ name }) => name === order.fault)?.proxy?.(proxy)
    case 'state': {
      const rows = await database.query<{ job: unknown }>(
        `select public.job_wire(j) as job from public.jobs j
         where tenant_id = $1
           and (finished_at is null or finished_at > clock_timestamp() - interval '4 minutes')`,
        [tenantId],
      )
      return rows.map(({ job }) => job)
    }
    case 'close':
      await rest()
      await proxy.stop()
      await backend.stop()
      return null
  }
}

takeOrders(obey, ({ type }) => type === 'close')
const user = backend.users.find(({ email }) => email.startsWith('alice@'))
const { publishableKey } = backend
process.send?.({ answer: { url: proxy.url, publishableKey, user } })
