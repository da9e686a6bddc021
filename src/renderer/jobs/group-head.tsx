import { memo, useSyncExternalStore } from 'react'
import { ChevronIcon } from '../ui/icons.tsx'
import { TheirText } from '../ui/their-text.tsx'
import { groupWords, sparkPoints } from './group-words.ts'
import { unheard } from './row-words.ts'
import type { JobFeed } from './job-feed.ts'

interface GroupHeadProps {
  readonly feed: JobFeed
  readonly tenantId: string
  readonly name: string
  readonly open: boolean
  readonly domId: string
  readonly rowIndex: number
  readonly top: number
  /** The head of what is on top of the list stays there. */
  readonly sticky: boolean
  readonly active: boolean
  /** Nothing is heard now: how much there was of late is not known. */
  readonly silent: boolean
}

const spark = { width: 96, height: 18 } as const

export const GroupHead = memo(function GroupHead(props: GroupHeadProps) {
  const { feed, tenantId, name, open, domId, rowIndex, top, sticky, active, silent } = props
  const group = useSyncExternalStore(feed.onView, () =>
    feed.view().groups.find((candidate) => candidate.tenantId === tenantId),
  )
  return (
    <div
      id={domId}
      role="row"
      aria-rowindex={rowIndex}
      aria-level={1}
      aria-expanded={open}
      className="group"
      data-key={`group ${tenantId}`}
      data-sticky={sticky || undefined}
      data-active={active || undefined}
      data-folded={!open || undefined}
      style={sticky ? undefined : { transform: `translateY(${top}px)` }}
    >
      <div role="gridcell" aria-colindex={1} aria-colspan={8}>
        <TheirText className="group-name cut" text={name} />
        <span className="group-counts cut">{groupWords(group)}</span>
        {!open && <ChevronIcon size={12} />}
        {silent && (
          <span className="group-silent" title={unheard}>
            <span aria-hidden="true">–</span>
            <span className="vh">Throughput: {unheard}</span>
          </span>
        )}
        {!silent && (
          <svg
            className="spark"
            width={spark.width}
            height={spark.height}
            viewBox={`0 0 ${spark.width} ${spark.height}`}
            aria-hidden="true"
          >
            <polyline points={sparkPoints(group?.throughput ?? [], spark)} />
          </svg>
        )}
      </div>
    </div>
  )
})
