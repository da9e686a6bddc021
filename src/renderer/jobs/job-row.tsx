import { memo, useCallback, useSyncExternalStore } from 'react'
import type { JobRow } from '../../shared/job.ts'
import { useNowMs } from '../ui/ticker.ts'
import { formatPercent } from '../ui/format.ts'
import type { JobFeed } from './job-feed.ts'
import { JobName } from './job-name.tsx'
import { looks } from './job-state.ts'
import type { JobLook } from './job-state.ts'
import { causeOf, progressLabel, progressWords, rowWords } from './row-words.ts'
import type { Cell } from './row-words.ts'
import { StatusSign } from './status-sign.tsx'
import { Track } from './track.tsx'

interface LineProps {
  readonly feed: JobFeed
  readonly rowKey: string
  readonly domId: string
  /** Position in the grid, the head counted: aria-rowindex. */
  readonly rowIndex: number
  readonly top: number
  readonly active: boolean
  readonly selected: boolean
}

/** One job. It alone hears when its job changes. */
export const JobLine = memo(function JobLine(props: LineProps) {
  const { feed, rowKey, domId, rowIndex, top, active, selected } = props
  const row = useJobRow(feed, rowKey)
  const nowMs = useNowMs()
  if (row === undefined) return null
  const words = rowWords(row, nowMs)
  return (
    <div
      id={domId}
      role="row"
      aria-rowindex={rowIndex}
      aria-level={2}
      aria-selected={selected}
      className="line"
      data-key={rowKey}
      data-active={active || undefined}
      data-status={row.status}
      data-remembered={row.remembered || undefined}
      style={{ transform: `translateY(${top}px)` }}
    >
      <div role="gridcell" aria-colindex={1}>
        <StatusSign look={words.look} remembered={row.remembered} />
      </div>
      <div role="gridcell" aria-colindex={2} className="cell-job cut" title={row.name}>
        <JobName row={row} />
      </div>
      <div role="gridcell" aria-colindex={3} className="cell-step cut" title={words.step}>
        {words.step}
      </div>
      <div role="gridcell" aria-colindex={4} className="cell-track">
        <Progress row={row} look={words.look} nowMs={nowMs} />
      </div>
      <NumberCell cell={words.rows} index={5} name="rows" />
      <NumberCell cell={words.rate} index={6} name="rate" />
      <NumberCell cell={words.left} index={7} name="left" />
      <div role="gridcell" aria-colindex={8} className="num cell-heard">
        {words.heard}
      </div>
    </div>
  )
})

export function useJobRow(feed: JobFeed, key: string): JobRow | undefined {
  const subscribe = useCallback((listener: () => void) => feed.onRow(key, listener), [feed, key])
  return useSyncExternalStore(subscribe, () => feed.row(key))
}

interface ProgressProps {
  readonly row: JobRow
  readonly look: JobLook
  readonly nowMs: number
}

/** The track and its number; a failed job's cause and a queued job's word stand in its place. */
function Progress({ row, look, nowMs }: ProgressProps) {
  if (row.status === 'failed') {
    const cause = causeOf(row)
    return (
      <span className="cause cut" title={cause}>
        {cause}
      </span>
    )
  }
  if (row.status === 'queued') return <span className="waiting">waiting</span>
  return (
    <>
      <Track
        key={row.attempt}
        percent={row.progress}
        steps={row.step?.total ?? 1}
        tone={looks[look].tone}
        remembered={row.remembered}
        label={progressLabel(row, nowMs)}
        text={progressWords(row)}
      />
      <span className="percent" aria-hidden="true">
        {formatPercent(row.progress)}
      </span>
    </>
  )
}

interface NumberCellProps {
  readonly cell: Cell
  readonly index: number
  readonly name: string
}

function NumberCell({ cell, index, name }: NumberCellProps) {
  const className = `num cell-${name}`
  if (cell.kind === 'unknown') {
    return (
      <div role="gridcell" aria-colindex={index} className={`${className} faint`} title={cell.why}>
        <span aria-hidden="true">–</span>
        <span className="vh">{cell.why}</span>
      </div>
    )
  }
  return (
    <div
      role="gridcell"
      aria-colindex={index}
      className={cell.kind === 'attention' ? `${className} attention` : className}
    >
      {cell.kind === 'empty' ? '' : cell.text}
    </div>
  )
}
