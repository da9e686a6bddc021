import { jobKeyOf } from '../../src/shared/job-key.ts'
import type { JobRow } from '../../src/shared/job.ts'
import type { ProfileInput } from '../../src/shared/profile.ts'
import type { Receipt, WorkspaceView } from '../../src/shared/workspace.ts'
import { ConsoleOnSockets } from '../support/console-on-sockets.ts'
import { line } from '../support/memory-ports-console.ts'

export interface SoakConsoleOptions {
  readonly url: string
  readonly publishableKey: string
  readonly user: { readonly email: string; readonly password: string }
}

/** The table of jobs as it is, numbers included. */
const jobTable: ProfileInput['jobTable'] = {
  table: 'jobs',
  columns: {
    seq: 'seq',
    kind: 'kind',
    step: 'step',
    counters: 'counters',
    finishedAt: 'finished_at',
  },
}

/** Realtime falls back to polling by itself, so polling alone has an environment of its own. */
const environments: readonly Pick<ProfileInput, 'id' | 'sources'>[] = [
  { id: 'pushed', sources: ['progress', 'stream', 'socketio', 'realtime'] },
  { id: 'polled', sources: ['polling'] },
]

/** One workspace as its window knows it. */
export interface Watched {
  readonly profileId: string
  readonly workspaceId: string
  readonly rows: ReadonlyMap<string, JobRow>
}

/** It is its own window: it keeps the rows that it was told, and acknowledges every batch. */
export class SoakConsole extends ConsoleOnSockets {
  readonly #user: SoakConsoleOptions['user']
  readonly #rows = new Map<string, Map<string, JobRow>>()
  readonly #profileOf = new Map<string, string>()
  /** Receipts of workspaces that ended though nobody asked. */
  readonly endings: Receipt[] = []
  #views: readonly WorkspaceView[] = []
  #batches = 0

  constructor({ url, publishableKey, user }: SoakConsoleOptions) {
    super(
      environments.map((environment) =>
        line({ ...environment, supabaseUrl: url, gatewayUrl: url, publishableKey, jobTable }),
      ),
    )
    this.#user = user
    this.#listen()
  }

  get views(): readonly WorkspaceView[] {
    return this.#views
  }

  get batches(): number {
    return this.#batches
  }

  get watched(): Watched[] {
    return [...this.#rows].map(([workspaceId, rows]) => ({
      workspaceId,
      profileId: this.#profileOf.get(workspaceId) ?? '',
      rows,
    }))
  }

  async open(): Promise<void> {
    await this.app.start()
    for (const { id } of environments) await this.#enter(id)
  }

  /** As an operator who will not wait: dials now, and opens anew what had stopped. */
  async retry(): Promise<void> {
    for (const { id: workspaceId } of this.#views) {
      await this.ipc.call('connection:retry', { workspaceId })
    }
  }

  async signOut(): Promise<Receipt[]> {
    const receipts: Receipt[] = []
    for (const workspaceId of [...this.#rows.keys()]) {
      this.#rows.delete(workspaceId)
      const answer = await this.ipc.call('session:sign-out', { workspaceId })
      if (answer.ok) receipts.push(answer.value)
    }
    return receipts
  }

  close(): Promise<void> {
    return this.app.close()
  }

  async #enter(profileId: string): Promise<void> {
    const workspaceId = await this.signIn(this.#user, profileId)
    const rows = new Map<string, JobRow>()
    this.#rows.set(workspaceId, rows)
    this.#profileOf.set(workspaceId, profileId)
    const opened = await this.ipc.call('jobs:open', { workspaceId })
    if (!opened.ok) throw new Error(`the jobs could not be opened: ${opened.failure.code}`)
    for (const row of opened.value.rows) rows.set(jobKeyOf(row), row)
  }

  #listen(): void {
    this.ipc.on('jobs:batched', ({ workspaceId, batch, rows, removed }) => {
      const known = this.#rows.get(workspaceId)
      for (const key of removed) known?.delete(key)
      for (const row of rows) known?.set(jobKeyOf(row), row)
      this.#batches += 1
      // What a test would look at later is memory here.
      this.ipc.sent.splice(0)
      void this.ipc.call('jobs:acknowledge', { workspaceId, batch })
    })
    this.ipc.on('workspaces:changed', (views) => {
      this.#views = views
    })
    this.ipc.on('session:ended', (receipt) => {
      if (this.#rows.has(receipt.workspaceId)) this.endings.push(receipt)
    })
  }
}
