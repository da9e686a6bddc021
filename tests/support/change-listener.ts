import type { Caller } from '../../src/backend/database/database.ts'
import type {
  ChangeParams,
  ChangePayload,
  Changes,
  Subscription,
} from '../../src/backend/supabase/realtime/changes/changes.ts'
import { until } from './until.ts'

export const serviceCaller: Caller = { role: 'service_role', claims: { role: 'service_role' } }

/** A signed-in person of a tenant. */
export function personOf(tenantId: string, sub = 'somebody'): Caller {
  return {
    role: 'authenticated',
    claims: { role: 'authenticated', sub, app_metadata: { tenant_id: tenantId } },
  }
}

export function everything(params: Partial<ChangeParams> = {}): ChangeParams {
  return { event: '*', schema: 'public', table: null, filter: null, select: null, ...params }
}

export interface Heard {
  readonly ids: readonly number[]
  readonly schema: string
  readonly table: string
  readonly type: 'INSERT' | 'UPDATE' | 'DELETE'
  readonly commit_timestamp: string | null
  readonly columns: readonly { name: string; type: string }[]
  readonly record?: Readonly<Record<string, unknown>>
  readonly old_record?: Readonly<Record<string, unknown>>
  readonly errors: readonly string[] | null
}

/** A channel that only remembers what it was told. */
export class ChangeListener {
  readonly payloads: ChangePayload[] = []
  readonly losses: string[] = []
  onDeliver: ((payload: ChangePayload) => void) | null = null
  #subscription: Subscription | null = null

  get heard(): readonly Heard[] {
    return this.payloads.map(({ ids, data }) => ({
      ids,
      ...(JSON.parse(data) as Omit<Heard, 'ids'>),
    }))
  }

  get subscription(): Subscription {
    if (this.#subscription === null) throw new Error('not subscribed')
    return this.#subscription
  }

  /** Each entry of `params` has its place as its id. @throws the refusal's message. */
  async subscribe(changes: Changes, caller: Caller, ...params: ChangeParams[]): Promise<this> {
    const outcome = await changes.subscribe({
      caller,
      params: params.map((one, id) => ({ id, params: one })),
      deliver: (payload) => {
        this.payloads.push(payload)
        this.onDeliver?.(payload)
      },
      lost: (message) => void this.losses.push(message),
    })
    if (!outcome.ok) throw new Error(`${outcome.final ? 'final' : 'retry'}: ${outcome.message}`)
    this.#subscription = outcome.subscription
    return this
  }

  async hears(count: number): Promise<readonly Heard[]> {
    await until(`${count} changes are heard, not ${this.payloads.length}`, () => {
      return this.payloads.length >= count
    })
    return this.heard
  }
}
