import { useEffect, useMemo, useSyncExternalStore } from 'react'
import type { WorkspaceView } from '../../shared/workspace.ts'
import { wordsFor } from '../diagnostics/wording.ts'
import { useView } from '../ui/use-view.ts'
import { isHeard } from '../workspaces/lamp-words.ts'
import type { Room } from '../workspaces/room.ts'
import { noFilter } from './filter.ts'
import type { FeedView } from './job-feed.ts'
import { JobGrid } from './job-grid.tsx'
import { JobPane } from './job-pane.tsx'
import type { ListView } from './job-list.ts'

interface JobRoomProps {
  readonly room: Room
  readonly workspace: WorkspaceView
}

/** The jobs of one workspace: list, pane, and what a screen reader is told. */
export function JobRoom({ room, workspace }: JobRoomProps) {
  const { feed, list } = room
  const view = useView(list)
  const state = useSyncExternalStore(feed.onView, () => feed.view().state)
  const tenants = workspace.operator?.tenants
  const nameOf = useMemo(() => {
    const names = new Map((tenants ?? []).map(({ id, name }) => [id, name ?? id]))
    return (tenantId: string): string => names.get(tenantId) ?? tenantId
  }, [tenants])
  const { selectedKey } = view
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && !event.defaultPrevented) list.select(null)
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [list])
  return (
    <div className="job-room" data-pane={selectedKey !== null || undefined}>
      <main className="job-main">
        {view.items.length > 0 ? (
          <JobGrid
            feed={feed}
            list={list}
            view={view}
            nameOf={nameOf}
            owner={workspace.profileName}
            silent={!isHeard(workspace.connection)}
          />
        ) : (
          <Nothing room={room} view={view} state={state} workspace={workspace} />
        )}
      </main>
      {selectedKey !== null && (
        <JobPane key={selectedKey} rowKey={selectedKey} room={room} nameOf={nameOf} />
      )}
      <Announcements room={room} />
    </div>
  )
}

interface NothingProps extends JobRoomProps {
  readonly view: ListView
  readonly state: FeedView['state']
}

/** Why there is no row. */
function Nothing({ room, view, state, workspace }: NothingProps) {
  const { connection } = workspace
  if (view.total > 0 && view.filtering) {
    return (
      <div className="nothing">
        <p>No job matches the search.</p>
        <button type="button" className="button" onClick={() => room.list.setFilter(noFilter)}>
          Clear the search
        </button>
      </div>
    )
  }
  const reason = room.feed.view().reason
  const text =
    state === 'failed' && reason !== null
      ? `${wordsFor(reason).title}. ${wordsFor(reason).text}`
      : state !== 'open'
        ? 'Opening the list of jobs'
        : connection.kind === 'live' || connection.kind === 'idle'
          ? 'No jobs yet. New ones appear here by themselves.'
          : connection.kind === 'partial'
            ? 'No jobs yet from the sources that are connected.'
            : connection.kind === 'refused'
              ? 'No jobs to show: the server refuses the connection.'
              : connection.kind === 'connecting'
                ? 'Connecting. Jobs appear as soon as the server answers.'
                : 'No jobs to show yet: the server has not been reached.'
  return (
    <div className="nothing">
      <p>{text}</p>
    </div>
  )
}

/** One polite place to speak from; rows never speak. */
function Announcements({ room }: { readonly room: Room }) {
  const text = useSyncExternalStore(room.announcer.subscribe, room.announcer.text)
  return (
    <div className="vh" role="status" aria-live="polite">
      {text}
    </div>
  )
}
