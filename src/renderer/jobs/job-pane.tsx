import { useEffect } from 'react'
import type { JobRow } from '../../shared/job.ts'
import { CopyButton } from '../ui/copy-button.tsx'
import { TheirText } from '../ui/their-text.tsx'
import {
  formatAge,
  formatDuration,
  formatMoment,
  formatPercent,
  formatRangeInFull,
  formatWhole,
} from '../ui/format.ts'
import { CheckIcon, CloseIcon, CopyIcon } from '../ui/icons.tsx'
import { useNowMs } from '../ui/ticker.ts'
import type { Room } from '../workspaces/room.ts'
import { errorMeaning } from './error-words.ts'
import { durationOf, looks, lookOf, timeOf } from './job-state.ts'
import { useJobRow } from './job-row.tsx'
import { JobTimeline } from './job-timeline.tsx'
import { PaneEdge } from './pane-edge.tsx'
import { RateChart } from './rate-chart.tsx'
import { causeOf, progressLabel, progressWords } from './row-words.ts'
import { StatusSign } from './status-sign.tsx'
import { Track } from './track.tsx'
import './pane.css'

interface JobPaneProps {
  readonly rowKey: string
  readonly room: Room
  readonly nameOf: (tenantId: string) => string
}

/** Everything known of one job. */
export function JobPane({ rowKey, room, nameOf }: JobPaneProps) {
  const row = useJobRow(room.feed, rowKey)
  useEffect(() => room.timeline.follow(rowKey), [room, rowKey])
  if (row === undefined) return null
  return (
    <PaneEdge>
      <div className="pane-part">
        <div className="pane-head">
          <h2 className="pane-title selectable">{row.name}</h2>
          <button
            type="button"
            className="icon-button"
            aria-label="Close details"
            onClick={() => room.list.select(null)}
          >
            <CloseIcon />
          </button>
        </div>
        <div className="pane-meta">
          <ul>
            <li>{nameOf(row.tenantId)}</li>
            <li>{row.kind}</li>
            <li>attempt {row.attempt}</li>
            <li>
              <CopyButton className="pane-id mono" text={row.id} title={`Copy ${row.id}`}>
                {(copied) => (
                  <>
                    <span className="vh">Copy the id </span>
                    {shortId(row.id)}
                    {copied ? <CheckIcon size={12} /> : <CopyIcon size={12} />}
                  </>
                )}
              </CopyButton>
            </li>
          </ul>
        </div>
        <Standing row={row} />
      </div>
      {row.error !== null && <Fault row={row} />}
      {row.counters !== null && row.status === 'running' && (
        <section className="pane-part" aria-label="Rate">
          <h3 className="pane-label">Rate</h3>
          <RateChart row={row} rates={room.feed.rates} unit={row.counters.unit} />
        </section>
      )}
      <JobTimeline timeline={room.timeline} />
    </PaneEdge>
  )
}

/** job_7Q2M…F4: the ends of a long id, to be told apart; the button copies all of it. */
const shortId = (id: string): string => (id.length <= 14 ? id : `${id.slice(0, 9)}…${id.slice(-3)}`)

/** The big number, the track, and the figures under it. */
function Standing({ row }: { readonly row: JobRow }) {
  const nowMs = useNowMs()
  const look = lookOf(row, nowMs)
  return (
    <>
      <div className="pane-standing">
        <strong className="pane-number">{formatPercent(row.progress)}</strong>
        <span className="pane-step" data-tone={looks[look].tone}>
          <StatusSign look={look} remembered={row.remembered} />
          <span>
            <StandingWords row={row} />
          </span>
        </span>
      </div>
      <Track
        percent={row.progress}
        steps={row.step?.total ?? 1}
        tone={looks[look].tone}
        remembered={row.remembered}
        label={progressLabel(row, nowMs)}
        text={progressWords(row)}
      />
      <dl className="figures">
        {figures(row, nowMs).map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="selectable">{text}</dd>
          </div>
        ))}
      </dl>
    </>
  )
}

function StandingWords({ row }: { readonly row: JobRow }) {
  if (row.status === 'queued') return 'Queued'
  const word = looks[row.status].word
  if (row.status === 'succeeded' || row.step === null) return word
  const { label, index, total } = row.step
  return (
    <>
      {row.status !== 'running' && `${word} in `}
      <TheirText text={label} />, step {index} of {total}
    </>
  )
}

function figures(row: JobRow, nowMs: number): (readonly [string, string])[] {
  const list: (readonly [string, string])[] = []
  const { counters } = row
  if (counters !== null) {
    const unit = counters.unit === '' ? 'Done' : capital(counters.unit)
    const total = counters.total === null ? '' : ` of ${formatWhole(counters.total)}`
    list.push([unit, `${formatWhole(counters.done)}${total}`])
  }
  if (row.status === 'running') {
    const known = lookOf(row, nowMs) === 'running' && !row.remembered
    const { ratePerSecond: rate, left } = row
    const unit = counters?.unit ?? 'units'
    const rateText = `${formatRateNumber(rate ?? 0)} ${unit}/s`
    list.push(['Rate, last 30 s', known && rate !== null ? rateText : whyNot(row, nowMs)])
    list.push(['Left', known && left !== null ? formatRangeInFull(left) : whyNot(row, nowMs)])
  }
  if (row.startedAt !== null) list.push(['Started', formatMoment(timeOf(row.startedAt), nowMs)])
  else list.push(['Created', formatMoment(timeOf(row.createdAt), nowMs)])
  if (row.finishedAt !== null) list.push(['Ended', formatMoment(timeOf(row.finishedAt), nowMs)])
  const tookMs = durationOf(row)
  if (tookMs !== null) list.push(['Took', formatDuration(tookMs)])
  return list
}

function whyNot(row: JobRow, nowMs: number): string {
  if (row.remembered) return '– not known while offline'
  if (lookOf(row, nowMs) === 'running') return '– not enough data yet'
  return `– nothing heard for ${formatAge(nowMs - row.heardAtMs)}`
}

const formatRateNumber = (rate: number): string =>
  rate > 0 && rate < 10 ? rate.toFixed(1) : formatWhole(Math.round(rate))

const capital = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1)

/** The error in full, and what it means. */
function Fault({ row }: { readonly row: JobRow }) {
  const { error } = row
  if (error === null) return null
  return (
    <section className="pane-part" aria-label="Error">
      <h3 className="pane-label">Error</h3>
      <p className="fault-cause selectable">{causeOf(row)}</p>
      <p className="fault-meaning selectable">
        {errorMeaning(error.code)} <span className="mono">{error.code}</span>
      </p>
    </section>
  )
}
