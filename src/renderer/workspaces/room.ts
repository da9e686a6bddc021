import type { WorkspaceView } from '../../shared/workspace.ts'
import type { Client } from '../ipc/client.ts'
import { Announcer } from '../jobs/announcer.ts'
import { JobFeed } from '../jobs/job-feed.ts'
import { JobList } from '../jobs/job-list.ts'
import { TimelineStore } from '../jobs/timeline-store.ts'
import type { Frames } from '../ui/frames.ts'
import { lastRecovery, recoveryWords } from './recovery.ts'

/** Everything the window holds of one workspace. `close` leaves no row, filter or selection. */
export class Room {
  readonly feed: JobFeed
  readonly list: JobList
  readonly timeline: TimelineStore
  readonly announcer: Announcer
  #tenants = ''
  #connection: WorkspaceView['connection']['kind'] | null = null
  /** The last recovery that was told, or was over before this window looked. */
  #recoveredAtMs: number | null = null

  constructor(workspaceId: string, client: Client, frames: Frames) {
    this.feed = new JobFeed(workspaceId, client, frames)
    this.list = new JobList(this.feed, frames)
    this.timeline = new TimelineStore(client, this.feed, frames)
    this.announcer = new Announcer(this.feed, frames)
    void this.feed.open()
  }

  /** Takes over what main says of the workspace. */
  follow(view: WorkspaceView): void {
    const tenants = view.operator?.tenants ?? []
    const told = JSON.stringify(tenants)
    if (told !== this.#tenants) {
      this.#tenants = told
      const names = new Map(tenants.map((tenant) => [tenant.id, tenant.name ?? tenant.id]))
      const nameOf = (tenantId: string): string => names.get(tenantId) ?? tenantId
      this.list.setTenantNames(nameOf)
      this.announcer.setTenantNames(nameOf)
    }
    this.#tellConnection(view.connection.kind)
    this.#tellRecovery(view.sources)
  }

  #tellConnection(kind: WorkspaceView['connection']['kind']): void {
    const before = this.#connection
    this.#connection = kind
    if (before === null || before === kind) return
    if (kind === 'live') this.announcer.sayConnection('Live again')
    if (kind === 'partial') {
      this.announcer.sayConnection('A source is down, its rows are remembered')
    }
    if (kind === 'offline') this.announcer.sayConnection('Offline, the rows are remembered')
    if (kind === 'refused') this.announcer.sayConnection('The server refuses the connection')
  }

  #tellRecovery(sources: WorkspaceView['sources']): void {
    const before = this.#recoveredAtMs
    const last = lastRecovery(sources)
    this.#recoveredAtMs = last?.atMs ?? before ?? 0
    if (last === null || before === null || last.atMs <= before) return
    this.announcer.sayRecovery(recoveryWords(last))
  }

  close(): void {
    this.timeline.clear()
    this.announcer.close()
    this.list.close()
    this.feed.close()
  }
}
