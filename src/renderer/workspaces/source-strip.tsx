import { Popover } from '@base-ui/react/popover'
import type { SourceView, WorkspaceView } from '../../shared/workspace.ts'
import { useStores } from '../stores.ts'
import { formatMoment } from '../ui/format.ts'
import { Light } from '../ui/light.tsx'
import { useNowMs } from '../ui/ticker.ts'
import { recoveryWords } from './recovery.ts'
import { sourceNames, sourcesSummary, sourceWords } from './source-words.ts'
import './source-strip.css'

/** More than these do not fit into the foot by name. */
const mostNamed = 2

/** The sources in the foot, and behind them what there is to say of each. */
export function SourceStrip({ workspace }: { readonly workspace: WorkspaceView }) {
  const nowMs = useNowMs()
  const { sources } = workspace
  if (sources.length === 0) return null
  const words = sources.map((source) => ({ kind: source.kind, ...sourceWords(source, nowMs) }))
  const named = sources.length <= mostNamed
  return (
    <Popover.Root>
      <Popover.Trigger className="foot-button strip">
        <span className="vh">Sources: </span>
        {named ? (
          words.map(({ kind, tone, shape, text }, index) => (
            <span className="strip-source" key={kind}>
              <Light tone={tone} shape={shape} />
              {index > 0 && <span className="vh">, </span>}
              <span className="cut">{text}</span>
            </span>
          ))
        ) : (
          <>
            <span className="strip-lights">
              {words.map(({ kind, tone, shape }) => (
                <Light key={kind} tone={tone} shape={shape} />
              ))}
            </span>
            <Summary sources={sources} nowMs={nowMs} />
          </>
        )}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner className="positioner" side="top" align="start" sideOffset={6}>
          <Popover.Popup className="popup sources">
            <div className="sources-head">
              <Popover.Title className="sources-title">Sources</Popover.Title>
              <span className="sources-count">{sourcesSummary(sources, nowMs).text}</span>
            </div>
            <ul>
              {sources.map((source) => (
                <SourceItem key={source.kind} source={source} nowMs={nowMs} />
              ))}
            </ul>
            <TryNow workspace={workspace} />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}

interface SummaryProps {
  readonly sources: readonly SourceView[]
  readonly nowMs: number
}

function Summary({ sources, nowMs }: SummaryProps) {
  const { text, worst } = sourcesSummary(sources, nowMs)
  return (
    <>
      <span className="strip-count">{text}</span>
      {worst !== null && (
        <>
          <span className="vh">, </span>
          <span className="strip-worst cut" data-tone={worst.tone}>
            {worst.text}
          </span>
        </>
      )}
    </>
  )
}

interface SourceItemProps {
  readonly source: SourceView
  readonly nowMs: number
}

function SourceItem({ source, nowMs }: SourceItemProps) {
  const { tone, shape, state, why } = sourceWords(source, nowMs)
  return (
    <li>
      <Light tone={tone} shape={shape} />
      <div className="sources-item selectable">
        <p>
          <strong>{sourceNames[source.kind]}</strong>
          <span className="vh">: </span>
          <span className="sources-state" data-tone={tone}>
            {state}
          </span>
        </p>
        {why !== null && <p className="sources-why">{why}</p>}
        {source.gap !== undefined && (
          <p className="sources-gap">
            <time dateTime={new Date(source.gap.atMs).toISOString()}>
              {formatMoment(source.gap.atMs, nowMs)}
            </time>
            {' · '}
            {recoveryWords(source.gap)}
          </p>
        )}
      </div>
    </li>
  )
}

/** Where something waits or was refused, the operator may shorten the wait. */
function TryNow({ workspace: { id, sources } }: { readonly workspace: WorkspaceView }) {
  const { workspaces } = useStores()
  const waits = sources.some(({ state }) => state !== 'live' && state !== 'connecting')
  if (!waits) return null
  return (
    <div className="sources-acts">
      <button
        type="button"
        className="button"
        data-size="small"
        onClick={() => void workspaces.retry(id)}
      >
        Try now
      </button>
    </div>
  )
}
