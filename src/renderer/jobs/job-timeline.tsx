import { useState } from 'react'
import type { TimelineEntry } from '../../shared/job.ts'
import { wordsFor } from '../diagnostics/wording.ts'
import { formatClock } from '../ui/format.ts'
import { TheirText } from '../ui/their-text.tsx'
import { useView } from '../ui/use-view.ts'
import { timeOf } from './job-state.ts'
import type { TimelineStore } from './timeline-store.ts'

const tones = { info: 'move', success: 'clear', warning: 'caution', error: 'danger' } as const

/** Log lines shown at first: the newest, so that what happens now is in sight. */
const linesAtFirst = 12

/** Newest first in the timeline; the log reads downwards, as logs do. */
export function JobTimeline({ timeline }: { readonly timeline: TimelineStore }) {
  const { state, reason, entries } = useView(timeline)
  const steps = entries.filter(({ kind }) => kind === 'timeline').toReversed()
  const lines = entries.filter(({ kind }) => kind === 'log')
  return (
    <>
      <section className="pane-part" aria-label="Timeline">
        <h3 className="pane-label">Timeline</h3>
        {state === 'failed' && reason !== null && (
          <p className="pane-note">
            {wordsFor(reason).title}.{' '}
            <button type="button" className="link" onClick={() => timeline.again()}>
              Try again
            </button>
          </p>
        )}
        {state === 'reading' && <p className="pane-note">Reading the timeline</p>}
        {state === 'read' && steps.length === 0 && <p className="pane-note">Nothing yet.</p>}
        <ol className="timeline">
          {steps.map((entry) => (
            <li key={`${entry.attempt}.${entry.seq}.${entry.text}`}>
              <time dateTime={entry.at}>{formatClock(timeOf(entry.at))}</time>
              <span className="dot" data-tone={tones[entry.level]} aria-hidden="true" />
              <span className="selectable">
                {entry.level === 'warning' || entry.level === 'error' ? (
                  <span className="vh">{entry.level}: </span>
                ) : null}
                <TheirText text={entry.text} />
              </span>
            </li>
          ))}
        </ol>
      </section>
      {lines.length > 0 && (
        <section className="pane-part" aria-label="Log">
          <h3 className="vh">Log</h3>
          <Log lines={lines} />
        </section>
      )}
    </>
  )
}

function Log({ lines }: { readonly lines: readonly TimelineEntry[] }) {
  const [all, setAll] = useState(false)
  const shown = all ? lines : lines.slice(-linesAtFirst)
  return (
    <>
      {lines.length > linesAtFirst && (
        <button type="button" className="link log-more" onClick={() => setAll(!all)}>
          {all ? `Only the last ${linesAtFirst} lines` : `All ${lines.length} lines`}
        </button>
      )}
      <ol className="log selectable">
        {shown.map((entry, index) => (
          <LogLine key={`${entry.attempt}.${entry.seq}.${index}`} entry={entry} />
        ))}
      </ol>
    </>
  )
}

function LogLine({ entry }: { readonly entry: TimelineEntry }) {
  return (
    <li data-level={entry.level}>
      <time dateTime={entry.at}>{formatClock(timeOf(entry.at))}</time>{' '}
      <TheirText text={entry.text} />
    </li>
  )
}
