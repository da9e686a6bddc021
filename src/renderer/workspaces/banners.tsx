import type { ReactNode } from 'react'
import type { WorkspaceView } from '../../shared/workspace.ts'
import { wordsFor } from '../diagnostics/wording.ts'
import { failureWords } from '../session/failure-words.ts'
import { useStores } from '../stores.ts'
import { AlertIcon, LockIcon } from '../ui/icons.tsx'
import { useNowMs } from '../ui/ticker.ts'
import { formatWaitUntil } from '../ui/format.ts'
import { noteKey } from './store.ts'
import type { WorkspacesView } from './store.ts'

interface BannersProps {
  readonly workspace: WorkspaceView
  readonly view: Pick<WorkspacesView, 'notice' | 'readNotes'>
}

/** What the operator has to know about this session, in full sentences, above the jobs. */
export function Banners({ workspace, view: { notice, readNotes } }: BannersProps) {
  const { workspaces } = useStores()
  const { session, connection, keeping, notes } = workspace
  const unread = notes.filter((code) => !readNotes.has(noteKey(workspace.id, code)))
  const locked = session.kind === 'keychain-locked' || keeping === 'keychain-locked'
  const unlock = act('Unlock', () => void workspaces.unlock(workspace.id))
  return (
    <div className="banners">
      {locked && (
        <Banner tone="caution" {...wordsFor('keychain_locked')} icon={<LockIcon />}>
          {unlock}
        </Banner>
      )}
      {keeping === 'memory' && !locked && (
        <Banner tone="caution" {...wordsFor('keychain_unavailable')} icon={<LockIcon />} />
      )}
      {session.kind === 'unconfirmed' && (
        <Unconfirmed reason={session.reason} nextTryAtMs={session.nextTryAtMs} />
      )}
      {connection.kind === 'refused' && (
        <Banner tone="danger" {...wordsFor(connection.reason)}>
          {act('Try again', () => void workspaces.retry(workspace.id))}
          {act('Sign out', () => void workspaces.signOut(workspace.id, false))}
        </Banner>
      )}
      {unread.map((code) => (
        <Banner key={code} tone="caution" {...wordsFor(code)}>
          {act('Dismiss', () => workspaces.readNote(workspace.id, code))}
        </Banner>
      ))}
      {notice !== null && (
        <Banner tone="danger" {...failureWords(notice)}>
          {act('Dismiss', () => workspaces.dismissNotice())}
        </Banner>
      )}
    </div>
  )
}

const act = (word: string, onClick: () => void): ReactNode => (
  <button type="button" className="button" data-size="small" onClick={onClick}>
    {word}
  </button>
)

function Unconfirmed({
  reason,
  nextTryAtMs,
}: {
  readonly reason: Parameters<typeof wordsFor>[0]
  readonly nextTryAtMs: number | null
}) {
  const nowMs = useNowMs()
  const next =
    nextTryAtMs === null || nextTryAtMs <= nowMs
      ? 'It is asked again now.'
      : `It is asked again in ${formatWaitUntil(nextTryAtMs, nowMs)}.`
  const text = `The server could not confirm it yet (${wordsFor(reason).reason}). ${next}`
  return <Banner tone="caution" title="The session is not confirmed" text={text} />
}

interface BannerProps {
  readonly tone: 'caution' | 'danger'
  readonly title: string
  readonly text: string
  readonly icon?: ReactNode
  readonly children?: ReactNode
}

function Banner({ tone, title, text, icon, children }: BannerProps) {
  return (
    <section className="banner" data-tone={tone} aria-label={title}>
      {icon ?? <AlertIcon />}
      <p>
        <strong>{title}.</strong> {text}
      </p>
      {children !== undefined && <div className="banner-acts">{children}</div>}
    </section>
  )
}
