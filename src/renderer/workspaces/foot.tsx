import type { AppView } from '../../shared/ipc/contract.ts'
import type { WorkspaceView } from '../../shared/workspace.ts'
import { OperatorMenu } from '../session/operator-menu.tsx'
import { formatCount, plural } from '../ui/format.ts'
import { useNowMs } from '../ui/ticker.ts'
import { sourceWords } from './source-words.ts'

interface FootProps {
  readonly workspace: WorkspaceView
  readonly app: AppView | null
  readonly ending: boolean
}

const standInText =
  'Signalbox runs on a stand-in for Electron here, because the real one could not be downloaded. It works the same but proves less about the shield around this window.'

/** The sources in words, the traffic, and who is signed in. */
export function Foot({ workspace, app, ending }: FootProps) {
  const nowMs = useNowMs()
  const { eventsPerSecond, dropped, connection } = workspace
  const isHeard = connection.kind === 'live' || connection.kind === 'partial'
  return (
    <footer className="foot">
      <ul className="foot-sources" aria-label="Sources">
        {workspace.sources.map((source) => {
          const words = sourceWords(source, nowMs)
          return (
            <li key={source.kind}>
              <span className="dot" data-tone={words.tone} aria-hidden="true" />
              {words.text}
            </li>
          )
        })}
        {isHeard && <li>{formatCount(Math.round(eventsPerSecond))} events/s</li>}
        {dropped > 0 && (
          <li
            className="foot-dropped"
            title="Frames that broke the protocol or named another tenant; they were not shown."
          >
            {plural(dropped, 'frame')} dropped
          </li>
        )}
      </ul>
      <div className="foot-side">
        {app?.standIn === true && <span title={standInText}>stand-in</span>}
        <OperatorMenu workspace={workspace} ending={ending} />
      </div>
    </footer>
  )
}
