import type { AppView } from '../../shared/ipc/contract.ts'
import type { WorkspaceView } from '../../shared/workspace.ts'
import { OperatorMenu } from '../session/operator-menu.tsx'
import { formatCount, formatMoment, plural } from '../ui/format.ts'
import { useNowMs } from '../ui/ticker.ts'
import { isHeard } from './lamp-words.ts'
import { lastRecovery, recoveryNews, recoveryWords } from './recovery.ts'
import { SourceStrip } from './source-strip.tsx'

interface FootProps {
  readonly workspace: WorkspaceView
  readonly app: AppView | null
  readonly ending: boolean
}

const standInText =
  'Signalbox runs on a stand-in for Electron here, because the real one could not be downloaded. It works the same but proves less about the shield around this window.'

/** The sources in words, the traffic, and who is signed in. */
export function Foot({ workspace, app, ending }: FootProps) {
  const { eventsPerSecond, dropped, connection } = workspace
  return (
    <footer className="foot">
      <div className="foot-side foot-lines">
        <SourceStrip workspace={workspace} />
        {isHeard(connection) && (
          <span className="foot-rate">{formatCount(Math.round(eventsPerSecond))} events/s</span>
        )}
        {dropped > 0 && (
          <span
            className="foot-dropped"
            title="Frames that broke the protocol or named another tenant; they were not shown."
          >
            {plural(dropped, 'frame')} dropped
          </span>
        )}
      </div>
      <div className="foot-side">
        <LastRecovery workspace={workspace} />
        {app?.standIn === true && <span title={standInText}>stand-in</span>}
        <OperatorMenu workspace={workspace} ending={ending} />
      </div>
    </footer>
  )
}

/** What the last interruption came to, once it stands by the lamp no more. */
function LastRecovery({ workspace: { sources } }: { readonly workspace: WorkspaceView }) {
  const nowMs = useNowMs()
  const last = lastRecovery(sources)
  if (last === null || recoveryNews(sources, nowMs) !== null) return null
  return (
    <span className="foot-recovery">
      {recoveryWords(last)} at {formatMoment(last.atMs, nowMs)}
    </span>
  )
}
