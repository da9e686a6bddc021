// What one workspace knows of its jobs: the desk, when its sources were heard and where they are, and
// what of this outlasts the app. It owns these four and must never know a window or a wire.
import type { SourceView } from '../../shared/workspace.ts'
import { JobDesk } from '../jobs/job-desk.ts'
import type { PublishBatch } from '../jobs/job-feed.ts'
import { Positions } from './positions.ts'
import { Recollection } from './recollection.ts'
import type { RecollectionParts } from './recollection.ts'
import { Watch } from './watch.ts'
import type { WatchOptions } from './watch.ts'

export interface KnowledgeParts
  extends
    Pick<RecollectionParts, 'clock' | 'files' | 'keychain' | 'log' | 'profile' | 'session'>,
    Pick<WatchOptions, 'scope' | 'network'> {
  readonly workspaceId: string
  readonly publish: PublishBatch
  readonly sources: () => readonly SourceView[]
  /** What the window is told may be different now. */
  readonly onChanged: () => void
}

export class Knowledge {
  readonly desk: JobDesk
  readonly watch: Watch
  readonly recollection: Recollection
  readonly positions = new Positions()

  constructor({ workspaceId, publish, sources, ...parts }: KnowledgeParts) {
    const { scope, clock, session, onChanged } = parts
    this.desk = new JobDesk({ scope: scope.child('desk'), clock, workspaceId, publish })
    this.watch = new Watch({
      ...parts,
      desk: this.desk,
      session: () => session.view,
      sources,
      onNews: onChanged,
      onLost: () => this.recollection.save(),
    })
    this.recollection = new Recollection({
      ...parts,
      signal: scope.signal,
      desk: this.desk,
      watch: this.watch,
      positions: this.positions,
    })
  }

  /** The operator sees these tenants only, from now on: on disk as well, and not in a while. */
  retain(tenantIds: readonly string[]): void {
    this.positions.clear()
    this.desk.retain(tenantIds)
    this.recollection.save()
  }
}
