import { useSyncExternalStore } from 'react'
import type { WorkspaceView } from '../../shared/workspace.ts'
import type { JobFeed } from '../jobs/job-feed.ts'
import { useStores } from '../stores.ts'
import { useNowMs } from '../ui/ticker.ts'
import { lampWords } from './lamp-words.ts'

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
  return (
    <div className="lamp" data-lamp={connection.kind}>
      <span
        className="lamp-light"
        data-tone={words.tone}
        data-filled={words.filled || undefined}
        aria-hidden="true"
      />
      <p className="cut" title={words.reason ?? undefined}>
        <strong>{words.strong}</strong>
        {words.rest !== '' && (
          <>
            <span className="vh">, </span>
            <span className="lamp-rest">{words.rest}</span>
          </>
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
