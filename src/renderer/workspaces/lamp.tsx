import { useSyncExternalStore } from 'react'
import type { WorkspaceView } from '../../shared/workspace.ts'
import type { JobFeed } from '../jobs/job-feed.ts'
import { useStores } from '../stores.ts'
import { Light } from '../ui/light.tsx'
import { useNowMs } from '../ui/ticker.ts'
import { lampWords } from './lamp-words.ts'
import { recoveryNews, recoveryWords } from './recovery.ts'
import './lamp.css'

interface LampProps {
  readonly workspace: WorkspaceView
  readonly feed: JobFeed | null
}

const never = (): (() => void) => () => undefined

/** The connection, told as it is. It never claims more than what was heard. */
export function Lamp({ workspace, feed }: LampProps) {
  const { workspaces } = useStores()
  const nowMs = useNowMs()
  const heardAtMs = useSyncExternalStore(feed?.onView ?? never, () => feed?.view().heardAtMs ?? 0)
  const { connection } = workspace
  const told =
    connection.kind === 'live' || connection.kind === 'partial'
      ? { ...connection, heardAtMs: Math.max(connection.heardAtMs, heardAtMs) }
      : connection
  const words = lampWords(told, nowMs)
  const news = recoveryNews(workspace.sources, nowMs)
  // How long ago something was heard is less of a news than that nothing was lost.
  const rest = news !== null && connection.kind === 'live' ? '' : words.rest
  return (
    <div className="lamp" data-lamp={connection.kind}>
      <Light tone={words.tone} shape={words.shape} size={14} />
      <p className="cut" title={words.reason ?? undefined}>
        <strong>{words.strong}</strong>
        <Aside text={rest} />
        {news !== null && (
          <Aside text={recoveryWords(news)} tone={news.missing === 0 ? 'clear' : 'caution'} />
        )}
        {words.reason !== null && <span className="vh">. {words.reason}</span>}
      </p>
      {words.canTry && (
        <button
          type="button"
          className="button"
          data-size="small"
          onClick={() => void workspaces.retry(workspace.id)}
        >
          Try now
        </button>
      )}
    </div>
  )
}

interface AsideProps {
  readonly text: string
  readonly tone?: 'clear' | 'caution'
}

function Aside({ text, tone }: AsideProps) {
  if (text === '') return null
  return (
    <>
      <span className="vh">, </span>
      <span className="lamp-rest" data-tone={tone}>
        {text}
      </span>
    </>
  )
}
