import { useEffect, useId, useMemo, useRef } from 'react'
import type { KeyboardEvent, MouseEvent } from 'react'
import { useStores } from '../stores.ts'
import { windowFrames } from '../ui/frames.ts'
import { useView } from '../ui/use-view.ts'
import { gridAct } from './grid-keys.ts'
import { GroupHead } from './group-head.tsx'
import type { JobFeed } from './job-feed.ts'
import type { JobList, ListView } from './job-list.ts'
import { JobLine } from './job-row.tsx'
import { Reading } from './reading.ts'
import { useVirtualLines } from './use-virtual-lines.ts'
import './grid.css'

interface JobGridProps {
  readonly feed: JobFeed
  readonly list: JobList
  readonly view: ListView
  readonly nameOf: (tenantId: string) => string
  /** Of whom the jobs are, for a screen reader. */
  readonly owner: string
  /** Nothing is heard right now. */
  readonly silent: boolean
}

const columns = ['Status', 'Job', 'Step', 'Progress', 'Rows', 'Rate', 'Left', 'Heard'] as const
const columnClass = ['sign', 'job', 'step', 'track', 'rows', 'rate', 'left', 'heard'] as const

/** The list itself, small on purpose: only lines that are seen are in the document. */
export function JobGrid({ feed, list, view, nameOf, owner, silent }: JobGridProps) {
  const { density } = useView(useStores().preferences)
  const scroller = useRef<HTMLDivElement>(null)
  const gridId = useId()
  const { items, activeKey, selectedKey } = view
  const activeIndex = activeKey === null ? -1 : items.findIndex(({ key }) => key === activeKey)
  const { lines, height, stickyIndex, scrollTo, pageSize } = useVirtualLines({
    items,
    scroller,
    density,
    activeIndex,
  })
  const reading = useMemo(
    () => new Reading(windowFrames, (isRead) => list.setReading(isRead)),
    [list],
  )
  useEffect(() => () => reading.stop(), [reading])

  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const act = gridAct(event.key, { items, active: activeIndex, pageSize })
    if (act === null) return
    event.preventDefault()
    reading.touched()
    if (act.kind === 'close') list.select(null)
    if (act.kind === 'open') list.select(act.key)
    if (act.kind === 'fold') list.fold(act.tenantId, act.folded)
    if (act.kind === 'move') {
      const item = items[act.to]
      if (item === undefined) return
      list.setActive(item.key)
      // With the pane open, it follows; a group head has nothing to show in it.
      if (selectedKey !== null && item.kind === 'row') list.select(item.key)
      scrollTo(act.to)
    }
  }

  const onClick = (event: MouseEvent): void => {
    const line = event.target instanceof Element ? event.target.closest('[data-key]') : null
    const item = items.find(({ key }) => key === line?.getAttribute('data-key'))
    if (item === undefined) return
    reading.touched()
    list.setActive(item.key)
    if (item.kind === 'row') list.select(item.key)
    else list.fold(item.tenantId, item.open)
  }

  const domIdOf = (index: number): string => `${gridId}-${items[index]?.key ?? ''}`
  return (
    <div className="grid-box">
      <div
        ref={scroller}
        role="treegrid"
        aria-label={`Jobs of ${owner}`}
        aria-rowcount={items.length + 1}
        aria-colcount={columns.length}
        aria-activedescendant={activeIndex < 0 ? undefined : domIdOf(activeIndex)}
        tabIndex={0}
        className="grid"
        onKeyDown={onKey}
        onClick={onClick}
        onScroll={(event) => reading.scrolled(event.currentTarget.scrollTop > 0)}
        onPointerMove={() => reading.touched()}
        onWheel={() => reading.touched()}
      >
        <div role="row" aria-rowindex={1} className="grid-head">
          {columns.map((name, index) => (
            <div
              key={name}
              role="columnheader"
              aria-colindex={index + 1}
              className={`cell-${columnClass[index] ?? ''}`}
            >
              {index === 0 ? <span className="vh">{name}</span> : name}
            </div>
          ))}
        </div>
        <div role="presentation" className="lines" style={{ height }}>
          {lines.map(({ index, key, start }) => {
            const item = items[index]
            if (item === undefined) return null
            const place = { domId: domIdOf(index), rowIndex: index + 2, top: start }
            const active = index === activeIndex
            return item.kind === 'group' ? (
              <GroupHead
                key={key}
                {...place}
                feed={feed}
                tenantId={item.tenantId}
                name={nameOf(item.tenantId)}
                open={item.open}
                sticky={index === stickyIndex}
                silent={silent}
                active={active}
              />
            ) : (
              <JobLine
                key={key}
                {...place}
                feed={feed}
                rowKey={item.key}
                active={active}
                selected={item.key === selectedKey}
              />
            )
          })}
        </div>
      </div>
      {view.waiting > 0 && (
        <button
          type="button"
          className="new-rows"
          onClick={() => {
            const first = list.release()
            const at = list.view().items.findIndex(({ key }) => key === first)
            if (at >= 0) scrollTo(at)
          }}
        >
          {view.waiting} new
        </button>
      )}
    </div>
  )
}
