import type { Database } from '../database/database.ts'
import type { Log } from '../log.ts'
import { every, type Repeating } from './every.ts'
import { enqueue, enqueueTranslation } from './job-queue.ts'
import type { Recipe } from './recipe.ts'
import { languagesOf, recipeFor } from './recipes.ts'

export interface SchedulerOptions {
  readonly database: Database
  readonly log: Log
  readonly recipes: readonly Recipe[]
  /** Jobs of one tenant that run or wait at the same time. */
  readonly jobsPerTenant: number
}

const pauseMs = 2_000
/** After the first filling, so long between two new jobs of one tenant. */
const trickleMs = 4_000

/** Sees that work keeps arriving, a little more than is being worked on. */
export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #runs = new Map<string, number>()
  readonly #lastMs = new Map<string, number>()
  #repeating: Repeating | null = null

  constructor(options: SchedulerOptions) {
    this.#options = options
  }

  start(): void {
    this.#repeating ??= every(pauseMs, () => this.#fill(), this.#options.log)
  }

  async close(): Promise<void> {
    await this.#repeating?.close()
  }

  async #fill(): Promise<void> {
    const tenantIds = new Set(this.#options.recipes.map((recipe) => recipe.tenantId))
    for (const tenantId of tenantIds) await this.#fillFor(tenantId)
  }

  async #fillFor(tenantId: string): Promise<void> {
    const { database, recipes, jobsPerTenant } = this.#options
    const active = await database.query<{ input: Readonly<Record<string, unknown>> }>(
      `select input from public.jobs
       where tenant_id = $1 and queue in ('sample', 'translation')
         and status in ('queued', 'running')`,
      [tenantId],
    )
    const room = jobsPerTenant - active.length
    if (room <= 0) return
    const lastMs = this.#lastMs.get(tenantId)
    const due = lastMs === undefined ? room : performance.now() - lastMs >= trickleMs ? 1 : 0
    const taken = new Set(active.map(({ input }) => recipeFor({ tenantId, input })?.recipe.key))
    const next = recipes
      .filter((recipe) => recipe.tenantId === tenantId && !taken.has(recipe.key))
      .sort((a, b) => this.#runsOf(a) - this.#runsOf(b))
      .slice(0, due)
    for (const recipe of next) await this.#begin(recipe)
    if (next.length > 0) this.#lastMs.set(tenantId, performance.now())
  }

  async #begin(recipe: Recipe): Promise<void> {
    const runs = this.#runsOf(recipe)
    this.#runs.set(recipe.key, runs + 1)
    const { name, kind, tenantId, key, files } = recipe
    const file = files[runs % files.length] ?? files[0]
    const { database } = this.#options
    const languages = languagesOf(recipe)
    if (languages === null) {
      await enqueue(database, { name, kind, tenantId, input: { recipe: key, file } })
    } else {
      await enqueueTranslation(database, { name, tenantId, document: file, ...languages })
    }
  }

  #runsOf(recipe: Recipe): number {
    return this.#runs.get(recipe.key) ?? 0
  }
}
