import type { WorkspaceView } from '../../shared/workspace.ts'
import { JobRoom } from '../jobs/job-room.tsx'
import { useStores } from '../stores.ts'
import { Banners } from './banners.tsx'
import { Foot } from './foot.tsx'
import { Header } from './header.tsx'
import type { WorkspacesView } from './store.ts'
import './desk.css'

interface DeskProps {
  readonly workspace: WorkspaceView
  readonly view: WorkspacesView
}

/** One workspace: header, jobs, foot. */
export function Desk({ workspace, view }: DeskProps) {
  const { workspaces } = useStores()
  const room = workspaces.room(workspace.id) ?? null
  return (
    <div className="desk">
      <Header workspace={workspace} room={room} mac={view.app?.platform === 'darwin'} />
      <Banners workspace={workspace} view={view} />
      {room === null ? (
        <main className="desk-empty">
          <p className="quiet">{waitingFor(workspace)}</p>
        </main>
      ) : (
        <JobRoom room={room} workspace={workspace} />
      )}
      <Foot workspace={workspace} app={view.app} ending={view.endingId === workspace.id} />
    </div>
  )
}

const waitingFor = ({ session }: WorkspaceView): string =>
  session.kind === 'keychain-locked'
    ? 'Jobs appear once the keychain is unlocked.'
    : 'Restoring the session'
