/**
 * Main, as far as the window can tell: generated jobs behind the real contract, one batch in flight
 * until it is acknowledged. For looking at the window, and for measuring it.
 */
import { failed, failureCodes, succeeded } from '../../../src/shared/failure.ts'
import type { Outcome } from '../../../src/shared/failure.ts'
import type { Bridge } from '../../../src/shared/ipc/bridge.ts'
import type { CallChannel, EventChannel } from '../../../src/shared/ipc/channels.ts'
import type { CallAnswer, CallArgument, EventPayload } from '../../../src/shared/ipc/contract.ts'
import type { JobRow } from '../../../src/shared/job.ts'
import type { ConnectionView, WorkspaceView } from '../../../src/shared/workspace.ts'
import { JobSource } from './job-source.ts'
import type { Scene } from './scene.ts'
import { profiles, receiptFor, workspaceFor } from './views.ts'

type Answers = {
  [C in CallChannel]: (
    argument: CallArgument<C>,
  ) => Outcome<CallAnswer<C>> | Promise<Outcome<CallAnswer<C>>>
}

const flushEveryMs = 60

export class FakeBridge {
  readonly #scene: Scene
  readonly #listeners = new Map<string, Set<(payload: never) => void>>()
  readonly #jobs: JobSource
  readonly #dirty = new Set<string>()
  readonly acknowledged: number[] = []
  #views: WorkspaceView[] = []
  #batch = 0
  #inFlight = false
  #open = false
  #cancelSignIn: (() => void) | null = null
  updates = 0

  constructor(scene: Scene) {
    this.#scene = scene
    this.#jobs = new JobSource(scene.name === 'empty' ? 0 : scene.jobs)
    if (!['sign-in', 'no-profiles', 'opening'].includes(scene.name))
      this.#enter('Northwind Analytics')
    if (scene.several) {
      this.#views.push(
        workspaceFor(scene, { id: 'w2', name: 'Staging', mark: 'staging' }),
        workspaceFor(scene, { id: 'w3', name: 'Dev', mark: 'development' }),
      )
    }
    if (scene.name === 'ended') {
      setTimeout(() => this.#emit('session:ended', receiptFor('w1', scene, 'session_revoked')), 400)
    }
  }

  readonly bridge: Bridge = {
    call: async <C extends CallChannel>(channel: C, ...argument: unknown[]) => {
      await new Promise((resolve) => setTimeout(resolve, 4))
      const answer = this.#answers[channel] as (
        argument: unknown,
      ) => Outcome<CallAnswer<C>> | Promise<Outcome<CallAnswer<C>>>
      return structuredClone(await answer(argument[0]))
    },
    on: (channel, listener) => {
      const known = this.#listeners.get(channel) ?? new Set()
      this.#listeners.set(channel, known.add(listener))
      return () => known.delete(listener)
    },
  }

  /** For the scripts that drive the page. */
  setConnection(connection: ConnectionView): void {
    this.#views = this.#views.map((view) => ({ ...view, connection }))
    this.#emit('workspaces:changed', this.#views)
  }

  addJobs(count: number): void {
    for (const id of this.#jobs.add(count)) this.#dirty.add(id)
  }

  readonly #answers: Answers = {
    'app:describe': () => succeeded({ version: '0.1.0', standIn: true, platform: 'linux' }),
    'profiles:list': () => succeeded(this.#scene.name === 'no-profiles' ? [] : [...profiles]),
    'profiles:save': ({ profile }) =>
      profile.name === 'Taken'
        ? failed('profile_invalid', 'answers with another project', { field: 'gatewayUrl' })
        : succeeded({
            id: profile.id,
            name: profile.name,
            mark: profile.mark ?? 'development',
            supabaseUrl: profile.supabaseUrl,
            gatewayUrl: profile.gatewayUrl,
            fixed: false,
            demoUsers: [],
          }),
    'profiles:remove': () => succeeded(undefined),
    'workspaces:list': () =>
      this.#scene.name === 'opening' ? new Promise(() => {}) : succeeded(this.#views),
    'session:sign-in': () => this.#signIn(),
    'session:sign-in-demo': () => this.#signIn(),
    'session:cancel': () => {
      this.#cancelSignIn?.()
      return succeeded(undefined)
    },
    'session:sign-out': async ({ workspaceId }) => {
      await new Promise((resolve) => setTimeout(resolve, 84))
      this.#views = this.#views.filter((view) => view.id !== workspaceId)
      this.#open = false
      const receipt = receiptFor(workspaceId, this.#scene, null)
      this.#emit('session:ended', receipt)
      this.#emit('workspaces:changed', this.#views)
      return succeeded(receipt)
    },
    'session:unlock': () => failed('keychain_locked', 'still locked'),
    'connection:retry': () => succeeded(undefined),
    'jobs:open': () => {
      if (!this.#open) this.#start()
      const rows = this.#jobs.rows().map((row) => this.#told(row))
      return succeeded({ batch: this.#batch, rows, groups: this.#jobs.groups() })
    },
    'jobs:acknowledge': ({ batch }) => {
      this.acknowledged.push(batch)
      if (batch >= this.#batch) this.#inFlight = false
      return succeeded(undefined)
    },
    'jobs:read-timeline': ({ jobId }) => succeeded({ entries: this.#jobs.timeline(jobId) }),
    'window:show-state': () => succeeded(undefined),
  }

  #signIn(): Promise<Outcome<{ workspaceId: string }>> {
    const code = failureCodes.find((known) => known === this.#scene.signIn)
    return new Promise((resolve) => {
      this.#cancelSignIn = () => resolve(failed('cancelled', 'cancelled'))
      if (this.#scene.signIn === 'never') return
      setTimeout(() => {
        if (code !== undefined) {
          resolve(
            failed(code, 'as asked for', code === 'rate_limited' ? { retryAfterMs: 60_000 } : {}),
          )
          return
        }
        this.#enter('Signalbox demo')
        this.#emit('workspaces:changed', this.#views)
        resolve(succeeded({ workspaceId: 'w1' }))
      }, 120)
    })
  }

  #enter(name: string): void {
    const mark = name === 'Signalbox demo' ? 'demo' : 'production'
    this.#views.unshift(workspaceFor(this.#scene, { id: 'w1', name, mark }))
  }

  get #down(): boolean {
    return ['offline', 'reconnecting', 'refused'].includes(this.#scene.name)
  }

  #told(row: JobRow): JobRow {
    const silent = this.#down && (row.status === 'running' || row.status === 'queued')
    return this.#down
      ? { ...row, remembered: true, heardAtMs: silent ? Date.now() - 6 * 60_000 : row.heardAtMs }
      : row
  }

  #start(): void {
    this.#open = true
    if (this.#down) return
    setInterval(() => {
      const due = (this.#scene.rate * flushEveryMs) / 1_000
      for (const id of this.#jobs.move(due)) this.#dirty.add(id)
      this.updates += due
      this.#flush()
    }, flushEveryMs)
    setInterval(() => {
      this.#views = this.#views.map((view) =>
        view.connection.kind === 'live'
          ? {
              ...view,
              eventsPerSecond: this.#scene.rate,
              connection: { kind: 'live', heardAtMs: Date.now() - 200 },
            }
          : view,
      )
      this.#emit('workspaces:changed', this.#views)
    }, 1_000)
  }

  #flush(): void {
    if (this.#inFlight || this.#dirty.size === 0 || !this.#open) return
    const rows = [...this.#dirty].map((id) => this.#jobs.row(id)).filter((row) => row !== undefined)
    this.#dirty.clear()
    this.#batch += 1
    this.#inFlight = true
    const groups = this.#jobs.groups()
    this.#emit('jobs:batched', { workspaceId: 'w1', batch: this.#batch, rows, removed: [], groups })
  }

  #emit<E extends EventChannel>(channel: E, payload: EventPayload<E>): void {
    const copy = structuredClone(payload) as never
    for (const listener of this.#listeners.get(channel) ?? []) listener(copy)
  }
}
