import { useEffect, useSyncExternalStore } from 'react'
import type { WorkspaceView } from '../../shared/workspace.ts'
import { useStores } from '../stores.ts'
import { windowFrames } from '../ui/frames.ts'
import { PlusIcon } from '../ui/icons.tsx'
import { Light } from '../ui/light.tsx'
import { useNowMs } from '../ui/ticker.ts'
import { Tip } from '../ui/tip.tsx'
import { KeyboardSheet } from './keyboard-sheet.tsx'
import { initials, placeOf, railWords } from './rail-words.ts'
import { SettingsMenu } from './settings-menu.tsx'
import type { WorkspacesStore, WorkspacesView } from './store.ts'
import './rail.css'

export function Rail({ view }: { readonly view: WorkspacesView }) {
  const { workspaces } = useStores()
  const shown = view.route.kind === 'desk' ? view.route.workspaceId : null
  const mac = view.app?.platform === 'darwin'
  useWorkspaceKeys(workspaces)
  return (
    <nav className="rail" aria-label="Workspaces">
      <ul className="rail-list">
        {view.workspaces.map((workspace, index) => (
          <li key={workspace.id}>
            <RailButton
              workspace={workspace}
              current={workspace.id === shown}
              keys={index < 9 ? [mac ? 'Meta' : 'Control', index + 1] : null}
            />
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

interface RailButtonProps {
  readonly workspace: WorkspaceView
  readonly current: boolean
  /** What shows this workspace from anywhere; null past the ninth. */
  readonly keys: readonly ['Meta' | 'Control', number] | null
}

function RailButton({ workspace, current, keys }: RailButtonProps) {
  const { workspaces } = useStores()
  const nowMs = useNowMs()
  const failed = useFailed(workspace.id)
  const letters = initials(workspace.profileName)
  const { tone, shape, about } = railWords(workspace, failed, nowMs)
  const shortcut = keys === null ? '' : ` (${keys[0] === 'Meta' ? '⌘' : 'Ctrl'} ${keys[1]})`
  return (
    <Tip text={`${about}${shortcut}`} side="right">
      <button
        type="button"
        className="rail-button"
        data-mark={workspace.mark}
        data-badge={failed > 99 ? '99+' : failed > 0 ? failed : undefined}
        aria-label={`${letters}, ${about}`}
        aria-keyshortcuts={keys?.join('+')}
        aria-current={current ? 'page' : undefined}
        onClick={() => workspaces.choose(workspace.id)}
      >
        {letters}
        <span className="rail-lamp">
          <Light tone={tone} shape={shape} size={10} />
        </span>
      </button>
    </Tip>
  )
}

/** Ctrl or Cmd with a digit shows a workspace and puts the keys on its list; never behind a dialog. */
function useWorkspaceKeys(workspaces: WorkspacesStore): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const place = placeOf(event)
      const workspace = place === null ? undefined : workspaces.view().workspaces[place]
      if (workspace === undefined || document.querySelector('.backdrop') !== null) return
      event.preventDefault()
      workspaces.choose(workspace.id)
      windowFrames.onFrame(() => {
        document.querySelector<HTMLElement>('[role="treegrid"]')?.focus()
      })
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [workspaces])
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
