import type { WorkspaceView } from '../../shared/workspace.ts'
import { JobSearch } from '../jobs/job-search.tsx'
import { Lamp } from './lamp.tsx'
import type { Room } from './room.ts'

interface HeaderProps {
  readonly workspace: WorkspaceView
  readonly room: Room | null
  readonly mac: boolean
}

export function Header({ workspace, room, mac }: HeaderProps) {
  return (
    <header className="top">
      <h1 className="top-name cut">{workspace.profileName}</h1>
      <span className="badge" data-mark={workspace.mark}>
        {workspace.mark}
      </span>
      {room === null ? <span /> : <JobSearch list={room.list} feed={room.feed} mac={mac} />}
      <Lamp workspace={workspace} feed={room?.feed ?? null} />
    </header>
  )
}
