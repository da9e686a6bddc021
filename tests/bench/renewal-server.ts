// A process of its own: the real gateway over a real database, and jobs that all move at one pace.
import { setTimeout as pause } from 'node:timers/promises'
import { startTestBackend } from '../support/backend.ts'
import { takeOrders } from '../support/orders.ts'

export interface RenewalOrder {
  readonly type: 'drive' | 'rest' | 'close'
}

/** What every job has come to; its events are numbered from 1. */
export type Sent = readonly { readonly id: string; readonly seq: number }[]

const [jobs = 0, perSecond = 0] = process.argv.slice(2).map(Number)
const tickMs = 20
const tenantId = 'acme-freight'

const backend = await startTestBackend({ tuning: { work: { scheduled: false } } })
const { database } = backend
let isDriving = false
let driving: Promise<void> | null = null

const ids = Array.from({ length: jobs }, (_, nth) => `renewal-${nth}`)
await database.query(
  `insert into public.jobs (id, name, kind, tenant_id, queue, status, worker, started_at)
   select id, id, 'ETL', $2, 'bench', 'running', 'bench', clock_timestamp()
   from unnest($1::text[]) id`,
  [ids, tenantId],
)

/** The jobs in turn, so that each moves as often as any other; one statement a tick. */
async function drive(): Promise<void> {
  const beganMs = performance.now()
  let moved = 0
  while (isDriving) {
    const due = Math.floor(((performance.now() - beganMs) / 1_000) * jobs * perSecond) - moved
    const count = Math.min(due, jobs)
    if (count > 0) {
      const some = Array.from({ length: count }, (_, nth) => ids[(moved + nth) % jobs])
      await database.query(
        `update public.jobs set progress = least(99, progress + 0.1), message = 'at ' || seq
         where id = any ($1)`,
        [some],
      )
      moved += count
    }
    await pause(tickMs)
  }
}

async function obey({ type }: RenewalOrder): Promise<Sent | null> {
  if (type === 'drive') {
    isDriving = true
    driving = drive()
    return null
  }
  isDriving = false
  await driving
  if (type === 'close') {
    await backend.stop()
    return null
  }
  const rows = await database.query<{ id: string; seq: string }>(
    'select id, seq from public.jobs where id = any ($1)',
    [ids],
  )
  return rows.map(({ id, seq }) => ({ id, seq: Number(seq) }))
}

takeOrders(obey, ({ type }) => type === 'close')
const user = backend.users.find(({ email }) => email.startsWith('alice@'))
const { gatewayUrl: url, supabaseUrl, publishableKey } = backend
process.send?.({ answer: { url, supabaseUrl, publishableKey, user } })
