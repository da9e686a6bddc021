/**
 * Main, as far as the window can tell: generated jobs behind the real contract, one batch in flight
 * until it is acknowledged. For looking at the window, and for measuring it.
 */
import { failed, failureCodes, succeeded } from '../../../src/shared/failure.ts'
import type { FailureCode, Outcome } from '../../../src/shared/failure.ts'
import type { Bridge } from '../../../src/shared/ipc/bridge.ts'
import type { CallChannel, EventChannel } from '../../../src/shared/ipc/channels.ts'
import type { CallAnswer, CallArgument, EventPayload } from '../../../src/shared/ipc/contract.ts'
import type { ConnectionView, WorkspaceView } from '../../../src/shared/workspace.ts'
import { JobSource } from './job-source.ts'
import { isDown, toldIn } from './scene.ts'
import type { Scene, SceneName } from './scene.ts'
import { otherWorkspaces, profiles, receiptFor, standOf, workspaceFor } from './views.ts'

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
  readonly #inFlight = new Set<string>()
  readonly #opened = new Set<string>()
  #cancelSignIn: (() => void) | null = null
  updates = 0

  constructor(scene: Scene) {
    this.#scene = scene
    this.#jobs = new JobSource(scene.name === 'empty' ? 0 : scene.jobs)
    if (!['sign-in', 'no-profiles', 'opening'].includes(scene.name))
      this.#enter('Northwind Analytics')
    if (scene.several) {
      this.#views.push(...otherWorkspaces(scene))
    }
    if (scene.name === 'ended') setTimeout(() => this.#endBySelf('w1', 'session_revoked'), 400)
    if (scene.name === 'ended-elsewhere') {
      setTimeout(() => this.#endBySelf('w2', 'session_revoked'), 300)
      setTimeout(() => this.#endBySelf('w3', null), 400)
    }
  }

  #endBySelf(id: string, reason: FailureCode | null): void {
    const name = this.#views.find((view) => view.id === id)?.profileName ?? ''
    this.#views = this.#views.filter((view) => view.id !== id)
    this.#emit('workspaces:changed', this.#views)
    this.#emit('session:ended', receiptFor({ id, name }, this.#scene, reason))
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
      const name = this.#views.find((view) => view.id === workspaceId)?.profileName ?? ''
      this.#views = this.#views.filter((view) => view.id !== workspaceId)
      this.#opened.delete(workspaceId)
      const receipt = receiptFor({ id: workspaceId, name }, this.#scene, null)
      this.#emit('session:ended', receipt)
      this.#emit('workspaces:changed', this.#views)
      return succeeded(receipt)
    },
    'session:unlock': () => failed('keychain_locked', 'still locked'),
    'connection:retry': () => succeeded(undefined),
    'jobs:open': ({ workspaceId }) => {
      if (this.#opened.size === 0) this.#start()
      this.#opened.add(workspaceId)
      const name = this.#nameOf(workspaceId)
      const rows = this.#jobs.rows().map((row) => toldIn(name, row))
      return succeeded({ batch: this.#batch, rows, groups: this.#jobs.groups() })
    },
    'jobs:acknowledge': ({ workspaceId, batch }) => {
      this.acknowledged.push(batch)
      if (batch >= this.#batch) this.#inFlight.delete(workspaceId)
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

  #nameOf(workspaceId: string): SceneName {
    return standOf(workspaceId) ?? this.#scene.name
  }

  #start(): void {
    setInterval(() => {
      const due = (this.#scene.rate * flushEveryMs) / 1_000
      for (const id of this.#jobs.move(due)) this.#dirty.add(id)
      this.updates += due
      this.#flush()
    }, flushEveryMs)
    setInterval(() => {
      this.#views = this.#views.map((view) =>
        view.connection.kind === 'live' || view.connection.kind === 'partial'
          ? { ...view, connection: { ...view.connection, heardAtMs: Date.now() - 200 } }
          : view,
      )
      this.#emit('workspaces:changed', this.#views)
    }, 1_000)
  }

  /** One batch in flight for all workspaces: they look at the same jobs. */
  #flush(): void {
    if (this.#inFlight.size > 0 || this.#dirty.size === 0) return
    const moved = [...this.#dirty].flatMap((id) => this.#jobs.row(id) ?? [])
    this.#dirty.clear()
    this.#batch += 1
    const groups = this.#jobs.groups()
    for (const workspaceId of this.#opened) {
      const name = this.#nameOf(workspaceId)
      if (isDown(name)) continue
      this.#inFlight.add(workspaceId)
      const rows = moved.filter((row) => !toldIn(name, row).remembered)
      this.#emit('jobs:batched', { workspaceId, batch: this.#batch, rows, removed: [], groups })
    }
  }

  #emit<E extends EventChannel>(channel: E, payload: EventPayload<E>): void {
    const copy = structuredClone(payload) as never
    for (const listener of this.#listeners.get(channel) ?? []) listener(copy)
  }
}
