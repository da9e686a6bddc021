/**
 * The workspaces of this window and what it shows now. A workspace that ended stays ended: a late
 * list or answer of main does not bring its rows back, and its receipt waits until it was seen.
 */
import type { Failure, FailureCode, Outcome } from '../../shared/failure.ts'
import type { AppView } from '../../shared/ipc/contract.ts'
import type { Receipt, WorkspaceView } from '../../shared/workspace.ts'
import type { Client } from '../ipc/client.ts'
import type { Frames } from '../ui/frames.ts'
import { Listeners } from '../ui/listeners.ts'
import { Room } from './room.ts'

export type Route =
  | { readonly kind: 'opening' }
  | { readonly kind: 'sign-in'; readonly email: string | null }
  | { readonly kind: 'desk'; readonly workspaceId: string }
  | {
      readonly kind: 'receipt'
      readonly receipt: Receipt
      /** The workspace that was shown before, when the receipt is of another one. */
      readonly backTo: string | null
    }

export interface WorkspacesView {
  readonly app: AppView | null
  readonly workspaces: readonly WorkspaceView[]
  readonly route: Route
  /** The workspace that is being signed out right now. */
  readonly endingId: string | null
  /** Something that the operator asked for and that failed. */
  readonly notice: Failure | null
  /** Receipts of workspaces that ended while another one was shown, the oldest first. */
  readonly receipts: readonly Receipt[]
  /** Notes of workspaces that the operator has read, as `readNote` put them. */
  readonly readNotes: ReadonlySet<string>
}

const signIn: Route = { kind: 'sign-in', email: null }

/** A workspace that has something to show; one that is still signing in has not. */
const hasDesk = (view: WorkspaceView): boolean =>
  view.session.kind !== 'signing-in' && view.session.kind !== 'signed-out'

export const noteKey = (workspaceId: string, code: FailureCode): string => `${workspaceId} ${code}`

const hasJobs = (view: WorkspaceView): boolean =>
  view.session.kind === 'signed-in' || view.session.kind === 'unconfirmed'

export class WorkspacesStore {
  readonly #client: Client
  readonly #frames: Frames
  readonly #listeners = new Listeners()
  readonly #rooms = new Map<string, Room>()
  readonly #ended = new Set<string>()
  #heard = false
  /** Left the list while it was shown; its receipt is still to come. */
  #lostId: string | null = null
  #told: readonly WorkspaceView[] = []
  #view: WorkspacesView = {
    app: null,
    workspaces: [],
    route: { kind: 'opening' },
    endingId: null,
    notice: null,
    receipts: [],
    readNotes: new Set(),
  }

  constructor(client: Client, frames: Frames) {
    this.#client = client
    this.#frames = frames
  }

  readonly view = (): WorkspacesView => this.#view
  readonly subscribe = this.#listeners.subscribe

  room(workspaceId: string): Room | undefined {
    return this.#rooms.get(workspaceId)
  }

  /** Subscribes first, then asks: nothing falls between the two. */
  async start(): Promise<void> {
    this.#client.on('workspaces:changed', (views) => {
      this.#heard = true
      this.#take(views)
    })
    this.#client.on('session:ended', (receipt) => this.#end(receipt))
    const [app, views] = await Promise.all([
      this.#client.call('app:describe'),
      this.#client.call('workspaces:list'),
    ])
    if (app.ok) this.#change({ app: app.value })
    if (views.ok && !this.#heard) this.#take(views.value)
    if (!views.ok) this.#change({ route: signIn, notice: views.failure })
  }

  /** The window was shown or hidden. */
  shown(visible: boolean): void {
    void this.#client.call('window:show-state', { visible })
    for (const room of this.#rooms.values()) room.feed.visibilityChanged()
  }

  /** A sign-in answered: its workspace is the one to show, even if its id was used before. */
  signedIn(workspaceId: string): void {
    this.#ended.delete(workspaceId)
    this.#lostId = null
    this.#view = { ...this.#view, route: { kind: 'desk', workspaceId }, notice: null }
    this.#take(this.#told)
  }

  choose(workspaceId: string): void {
    this.#lostId = null
    this.#change({ route: { kind: 'desk', workspaceId }, notice: null })
  }

  /** To the sign-in view, as after a receipt or from the rail. */
  addWorkspace(email: string | null = null): void {
    this.#lostId = null
    this.#change({ route: { kind: 'sign-in', email }, notice: null })
  }

  async signOut(workspaceId: string, everywhere: boolean): Promise<void> {
    if (this.#view.endingId === workspaceId) return
    this.#change({ endingId: workspaceId, notice: null })
    const outcome = await this.#client.call('session:sign-out', { workspaceId, everywhere })
    if (this.#view.endingId === workspaceId) this.#change({ endingId: null })
    if (outcome.ok) this.#end(outcome.value)
    else if (this.#rooms.has(workspaceId)) this.#change({ notice: outcome.failure })
  }

  async retry(workspaceId: string): Promise<void> {
    this.#tell(await this.#client.call('connection:retry', { workspaceId }))
  }

  async unlock(workspaceId: string): Promise<void> {
    this.#tell(await this.#client.call('session:unlock', { workspaceId }))
  }

  dismissNotice(): void {
    this.#change({ notice: null })
  }

  readNote(workspaceId: string, code: FailureCode): void {
    const readNotes = new Set([...this.#view.readNotes, noteKey(workspaceId, code)])
    this.#change({ readNotes })
  }

  /** The first receipt that waits takes the place of what is shown. */
  showReceipt(): void {
    const [receipt, ...receipts] = this.#view.receipts
    if (receipt === undefined) return
    const { route } = this.#view
    const backTo =
      route.kind === 'desk' ? route.workspaceId : route.kind === 'receipt' ? route.backTo : null
    this.#change({ receipts, route: { kind: 'receipt', receipt, backTo }, notice: null })
  }

  dismissReceipt(): void {
    this.#change({ receipts: this.#view.receipts.slice(1) })
  }

  #tell(outcome: Outcome<unknown>): void {
    this.#change({ notice: outcome.ok ? null : outcome.failure })
  }

  #take(views: readonly WorkspaceView[]): void {
    this.#told = views
    const workspaces = views.filter((view) => !this.#ended.has(view.id) && hasDesk(view))
    for (const [id, room] of [...this.#rooms]) {
      if (workspaces.some((view) => view.id === id)) continue
      room.close()
      this.#rooms.delete(id)
    }
    for (const view of workspaces) {
      if (!this.#rooms.has(view.id) && hasJobs(view)) {
        this.#rooms.set(view.id, new Room(view.id, this.#client, this.#frames))
      }
      this.#rooms.get(view.id)?.follow(view)
    }
    this.#change({ workspaces, route: this.#routeAfter(workspaces, views) })
  }

  #routeAfter(workspaces: readonly WorkspaceView[], all: readonly WorkspaceView[]): Route {
    const { route } = this.#view
    if (route.kind === 'receipt' || route.kind === 'sign-in') return route
    if (route.kind === 'desk' && this.#mayShow(route.workspaceId, workspaces)) return route
    if (route.kind === 'desk') this.#lostId = route.workspaceId
    const first = workspaces.find((view) => view.session.kind !== 'restoring')
    if (first !== undefined) return { kind: 'desk', workspaceId: first.id }
    // A restore that finds nothing should not flash an empty desk first.
    const restoring = all.some((view) => view.session.kind === 'restoring')
    return route.kind === 'opening' && restoring ? route : signIn
  }

  /** A sign-in may answer before main has listed its workspace, a sign-out after it was taken off. */
  #mayShow(workspaceId: string, workspaces: readonly WorkspaceView[]): boolean {
    if (this.#view.endingId === workspaceId) return true
    const listed = workspaces.some((view) => view.id === workspaceId)
    const known = this.#view.workspaces.some((view) => view.id === workspaceId)
    return listed || (!known && !this.#ended.has(workspaceId))
  }

  #end(receipt: Receipt): void {
    const { workspaceId } = receipt
    if (this.#ended.has(workspaceId)) return
    this.#ended.add(workspaceId)
    this.#rooms.get(workspaceId)?.close()
    this.#rooms.delete(workspaceId)
    const { route, endingId } = this.#view
    const shown = route.kind === 'desk' && route.workspaceId === workspaceId
    const missed = this.#lostId === workspaceId || route.kind === 'opening'
    const asked = shown || missed
    const { receipts } = this.#view
    this.#change({
      workspaces: this.#view.workspaces.filter((view) => view.id !== workspaceId),
      route: asked ? { kind: 'receipt', receipt, backTo: null } : route,
      receipts: asked ? receipts : [...receipts, receipt],
      endingId: endingId === workspaceId ? null : endingId,
    })
  }

  #change(changed: Partial<WorkspacesView>): void {
    this.#view = { ...this.#view, ...changed }
    this.#listeners.notify()
  }
}
