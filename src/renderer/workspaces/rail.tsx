import { useSyncExternalStore } from 'react'
import type { WorkspaceView } from '../../shared/workspace.ts'
import { useStores } from '../stores.ts'
import { PlusIcon } from '../ui/icons.tsx'
import { plural } from '../ui/format.ts'
import { Tip } from '../ui/tip.tsx'
import { KeyboardSheet } from './keyboard-sheet.tsx'
import { SettingsMenu } from './settings-menu.tsx'
import type { WorkspacesView } from './store.ts'
import './rail.css'

/** Two letters: of the first two words, or the first two of one. */
export function initials(name: string): string {
  const [first = '', second = ''] = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean)
  return (second === '' ? first.slice(0, 2) : first.slice(0, 1) + second.slice(0, 1)).toUpperCase()
}

export function Rail({ view }: { readonly view: WorkspacesView }) {
  const { workspaces } = useStores()
  const shown = view.route.kind === 'desk' ? view.route.workspaceId : null
  return (
    <nav className="rail" aria-label="Workspaces">
      <ul className="rail-list">
        {view.workspaces.map((workspace) => (
          <li key={workspace.id}>
            <RailButton workspace={workspace} current={workspace.id === shown} />
          </li>
        ))}
        <li>
          <Tip text="Sign in to another environment" side="right">
            <button
              type="button"
              className="rail-button"
              data-kind="add"
              aria-label="Sign in to another environment"
              aria-current={view.route.kind === 'sign-in' ? 'page' : undefined}
              onClick={() => workspaces.addWorkspace()}
            >
              <PlusIcon size={12} />
            </button>
          </Tip>
        </li>
      </ul>
      <div className="rail-tools">
        <KeyboardSheet />
        <SettingsMenu app={view.app} />
      </div>
    </nav>
  )
}

function RailButton({
  workspace,
  current,
}: {
  readonly workspace: WorkspaceView
  readonly current: boolean
}) {
  const { workspaces } = useStores()
  const failed = useFailed(workspace.id)
  const letters = initials(workspace.profileName)
  const about = `${workspace.profileName}, ${workspace.mark}${failed > 0 ? `, ${plural(failed, 'failed job')}` : ''}`
  return (
    <Tip text={about} side="right">
      <button
        type="button"
        className="rail-button"
        data-mark={workspace.mark}
        data-badge={failed > 99 ? '99+' : failed > 0 ? failed : undefined}
        aria-label={`${letters}, ${about}`}
        aria-current={current ? 'page' : undefined}
        onClick={() => workspaces.choose(workspace.id)}
      >
        {letters}
      </button>
    </Tip>
  )
}

const never = (): (() => void) => () => undefined

/** Failed jobs of a workspace, as main counts them. */
function useFailed(workspaceId: string): number {
  const { workspaces } = useStores()
  const feed = workspaces.room(workspaceId)?.feed
  return useSyncExternalStore(feed?.onView ?? never, () =>
    (feed?.view().groups ?? []).reduce((sum, group) => sum + group.failed, 0),
  )
}
