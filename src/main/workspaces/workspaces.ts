// The set of workspaces: they are opened and closed here and nowhere else. One a profile at a time,
// several profiles side by side; they share nothing. It must never know what a window looks like.
import { failed, succeeded } from '../../shared/failure.ts'
import type { Outcome } from '../../shared/failure.ts'
import type { Profile } from '../../shared/profile.ts'
import type { Receipt, WorkspaceView } from '../../shared/workspace.ts'
import type { Publish } from '../ipc/publish.ts'
import type { Log } from '../lib/log.ts'
import type { Scope } from '../lib/scope.ts'
import type { Secret } from '../lib/secret.ts'
import { within } from '../lib/within.ts'
import { SnapshotFile } from '../offline/snapshot-file.ts'
import type { Ending } from './ending.ts'
import { Soon } from './soon.ts'
import { Workspace } from './workspace.ts'
import type { WorkspacePorts } from './workspace-ports.ts'

/** `workspaces:changed` is published at most this often, in milliseconds. */
const publishEveryMs = 250
/** Removing a profile waits this long for what is kept of it, in milliseconds. */
const erasureMs = 1_000
/** Receipts kept so that a second sign-out of the same workspace gets the first one's. */
const keptReceipts = 32

export interface WorkspacesOptions {
  readonly scope: Scope
  readonly ports: WorkspacePorts
  readonly log: Log
  readonly publish: Publish
  readonly newId: () => string
}

export class Workspaces {
  readonly #options: WorkspacesOptions
  /** By workspace id, in order of opening. */
  readonly #open = new Map<string, Workspace>()
  readonly #receipts = new Map<string, Promise<Receipt>>()
  /** By profile: what has to be over before the profile is opened again. */
  readonly #closing = new Map<string, Promise<unknown>>()
  /** By profile: the last sign-in asked for; an older one gives up. */
  readonly #attempts = new Map<string, symbol>()
  readonly #hidden = new Set<number>()
  readonly #soon: Soon
  #published = '[]'

  constructor(options: WorkspacesOptions) {
    this.#options = options
    this.#soon = new Soon(options.ports.clock, publishEveryMs, () => this.#publish())
    options.scope.own(() => this.#soon.stop())
  }

  /** What the windows are told of: a workspace that nobody is signed in to, or on the way, is none. */
  get views(): WorkspaceView[] {
    return [...this]
      .map((workspace) => workspace.view)
      .filter(({ session }) => session.kind !== 'signed-out')
  }

  find(workspaceId: string): Workspace | null {
    return this.#open.get(workspaceId) ?? null
  }

  [Symbol.iterator](): IterableIterator<Workspace> {
    return this.#open.values()
  }

  /** Opens every profile for which a session is kept, and no other. */
  async restore(profiles: readonly Profile[]): Promise<void> {
    await Promise.all(
      profiles.map((profile) =>
        this.#restore(profile).catch((error: unknown) => {
          this.#options.log.error('restoring failed', { profile: profile.id, error: String(error) })
        }),
      ),
    )
  }

  /** Signs in to a profile. What was open for that profile is ended first. */
  async signIn(
    profile: Profile,
    email: string,
    password: Secret,
  ): Promise<Outcome<{ workspaceId: string }>> {
    const attempt = Symbol(profile.id)
    this.#attempts.set(profile.id, attempt)
    const wasLocked = this.#ofProfile(profile.id)?.view.session.kind === 'keychain-locked'
    await this.#makeRoom(profile.id)
    if (this.#attempts.get(profile.id) !== attempt || this.#options.scope.closed) return givenUp
    const workspace = this.#add(profile)
    const outcome = await Promise.race([
      workspace.signIn(email, password),
      aborted(workspace.signal),
    ])
    if (this.#attempts.get(profile.id) === attempt) this.#attempts.delete(profile.id)
    if (outcome.ok && !workspace.signal.aborted) return succeeded({ workspaceId: workspace.id })
    await this.#discard(workspace)
    // What a locked keychain keeps is still there: the operator may unlock it instead.
    if (wasLocked && !this.#attempts.has(profile.id)) void this.#restore(profile)
    return outcome.ok ? givenUp : outcome
  }

  /** Gives up a sign-in under way; its call answers `cancelled`. */
  async cancelSignIn(profileId: string): Promise<void> {
    this.#attempts.delete(profileId)
    const workspace = this.#ofProfile(profileId)
    if (workspace?.view.session.kind === 'signing-in') await this.#forget(workspace)
  }

  /** Asks the keychain again. A workspace whose session turns out to be gone is closed. */
  async unlock(workspaceId: string): Promise<Outcome<undefined>> {
    const workspace = this.find(workspaceId)
    if (workspace === null) return unknown
    const outcome = await workspace.unlock()
    if (workspace.view.session.kind === 'signed-out' && !workspace.signal.aborted) {
      await this.#discard(workspace)
    }
    return outcome.ok ? succeeded(undefined) : outcome
  }

  /** Idempotent, also after the workspace is gone: the same receipt. */
  async signOut(workspaceId: string, everywhere: boolean): Promise<Outcome<Receipt>> {
    const workspace = this.find(workspaceId)
    if (workspace !== null) {
      return succeeded(await this.#end(workspace, { reason: null, everywhere, askServer: true }))
    }
    const receipt = await this.#receipts.get(workspaceId)
    return receipt === undefined ? unknown : succeeded(receipt)
  }

  /** Ends the session of a profile that was removed: nobody could reach again what is kept of it. */
  async signOutOfProfile(profileId: string): Promise<void> {
    const old = this.#ofProfile(profileId)
    if (old !== null && old.view.session.kind !== 'signing-in') void this.#end(old, byOperator)
    await this.#makeRoom(profileId)
    const { clock, files, keychain } = this.#options.ports
    const log = this.#options.log.child(profileId)
    const erasing = new SnapshotFile({ files, keychain, log, profileId }).erase()
    await within(clock, erasureMs, erasing)
  }

  /** Hidden windows are fed slowly. */
  showWindow(windowId: number, visible: boolean): void {
    if (visible) this.#hidden.delete(windowId)
    else this.#hidden.add(windowId)
    for (const workspace of this) workspace.showWindow(windowId, visible)
  }

  closeWindow(windowId: number): void {
    this.#hidden.delete(windowId)
    for (const workspace of this) workspace.closeWindow(windowId)
  }

  /** The computer woke up or the network changed: nothing that seems open is trusted. */
  wake(): void {
    for (const workspace of this) workspace.wake()
  }

  /** The computer is about to sleep. */
  suspend(): void {
    for (const workspace of this) workspace.suspend()
  }

  /** Ends everything and keeps the sessions. */
  async close(): Promise<void> {
    this.#attempts.clear()
    const open = [...this.#open.values()]
    this.#open.clear()
    await Promise.all([...open.map((workspace) => workspace.close()), ...this.#closing.values()])
  }

  async #restore(profile: Profile): Promise<void> {
    const workspace = this.#add(profile)
    const outcome = await workspace.restore()
    if (workspace.signal.aborted) return
    const nothingKept = outcome.ok && !outcome.value
    if (nothingKept || workspace.view.session.kind === 'signed-out') await this.#discard(workspace)
    if (outcome.ok) return
    const { code } = outcome.failure
    this.#options.log.warn('a session was not restored', { profile: profile.id, code })
  }

  #add(profile: Profile): Workspace {
    const { scope, ports, log, publish, newId } = this.#options
    const id = newId()
    const workspace = new Workspace({
      id,
      profile,
      scope: scope.child(`workspace ${profile.id}`),
      ports,
      log: log.child(profile.id),
      publishBatch: (windowId, batch) => publish('jobs:batched', batch, windowId),
    })
    workspace.onChanged(() => this.#soon.ask())
    workspace.onEnded((reason) => {
      void this.#end(workspace, { reason, everywhere: false, askServer: false })
    })
    for (const windowId of this.#hidden) workspace.showWindow(windowId, false)
    this.#open.set(id, workspace)
    this.#soon.ask()
    return workspace
  }

  /** Ends a workspace with a receipt that every window sees. */
  #end(workspace: Workspace, ending: Ending): Promise<Receipt> {
    const known = this.#receipts.get(workspace.id)
    if (known !== undefined) return known
    const receipt = workspace.end(ending)
    this.#receipts.set(workspace.id, receipt)
    for (const id of [...this.#receipts.keys()].slice(0, -keptReceipts)) this.#receipts.delete(id)
    void this.#take(
      workspace,
      receipt.then((done) => this.#options.publish('session:ended', done)),
    )
    return receipt
  }

  /** Ends a workspace that nobody was signed in to: what was on its way is undone, without receipt. */
  #forget(workspace: Workspace): Promise<void> {
    return this.#take(
      workspace,
      workspace.end({ reason: 'cancelled', everywhere: false, askServer: true }),
    )
  }

  /** Closes a workspace and leaves what the keychain holds. */
  #discard(workspace: Workspace): Promise<void> {
    return this.#take(workspace, workspace.close())
  }

  /** Out of the set at once; its profile is free when the closing is over. */
  async #take(workspace: Workspace, closing: Promise<unknown>): Promise<void> {
    const profileId = workspace.profile.id
    this.#open.delete(workspace.id)
    const over = Promise.allSettled([this.#closing.get(profileId), closing])
    this.#closing.set(profileId, over)
    await over
    if (this.#closing.get(profileId) === over) this.#closing.delete(profileId)
    this.#soon.now()
  }

  async #makeRoom(profileId: string): Promise<void> {
    const old = this.#ofProfile(profileId)
    const kind = old?.view.session.kind
    if (old !== null && kind === 'signing-in') void this.#forget(old)
    // Nothing is erased that the operator has not replaced yet.
    else if (old !== null && (kind === 'restoring' || kind === 'keychain-locked')) {
      void this.#discard(old)
    } else if (old !== null) {
      void this.#end(old, byOperator)
    }
    await this.#closing.get(profileId)
  }

  #ofProfile(profileId: string): Workspace | null {
    return [...this].find(({ profile }) => profile.id === profileId) ?? null
  }

  #publish(): void {
    const { views } = this
    const text = JSON.stringify(views)
    if (text === this.#published || this.#options.scope.closed) return
    this.#published = text
    this.#options.publish('workspaces:changed', views)
  }
}

const byOperator: Ending = { reason: null, everywhere: false, askServer: true }
const givenUp = failed('cancelled', 'the sign-in was given up')
const unknown = failed('workspace_unknown', 'no such workspace')

function aborted(signal: AbortSignal): Promise<Outcome<never>> {
  const { promise, resolve } = Promise.withResolvers<Outcome<never>>()
  signal.addEventListener('abort', () => resolve(givenUp), { once: true })
  return promise
}
