import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual'
import type { Range, VirtualItem } from '@tanstack/react-virtual'
import { useCallback, useRef } from 'react'
import type { RefObject } from 'react'
import type { Density } from '../ui/preferences.ts'
import type { ListItem } from './order.ts'

/** The same as --row and --group in tokens.css. */
const heights = {
  comfortable: { row: 36, group: 34 },
  compact: { row: 28, group: 28 },
} satisfies Record<Density, Record<ListItem['kind'], number>>

interface VirtualLinesInput {
  readonly items: readonly ListItem[]
  readonly scroller: RefObject<HTMLDivElement | null>
  readonly density: Density
  /** Stays in the document even when it is scrolled away, so that focus is never lost. */
  readonly activeIndex: number
}

export interface VirtualLines {
  readonly lines: readonly VirtualItem[]
  readonly height: number
  readonly stickyIndex: number
  readonly scrollTo: (index: number) => void
  readonly pageSize: number
}

/** The head of the group that the first visible line belongs to. */
export function headBefore(items: readonly ListItem[], index: number): number {
  for (let at = Math.min(index, items.length - 1); at >= 0; at -= 1) {
    if (items[at]?.kind === 'group') return at
  }
  return -1
}

/** Which lines are in the document. Heights are fixed, so nothing is ever measured. */
export function useVirtualLines(input: VirtualLinesInput): VirtualLines {
  const { items, scroller, density, activeIndex } = input
  const sticky = useRef(-1)
  const size = heights[density]
  const rangeExtractor = useCallback(
    (range: Range): number[] => {
      sticky.current = headBefore(items, range.startIndex)
      const wanted = new Set(defaultRangeExtractor(range))
      if (sticky.current >= 0) wanted.add(sticky.current)
      if (activeIndex >= 0 && activeIndex < items.length) wanted.add(activeIndex)
      return [...wanted].sort((a, b) => a - b)
    },
    [items, activeIndex],
  )
  // Stable as long as the list is: with a new function every offset is computed again.
  const getItemKey = useCallback((index: number) => items[index]?.key ?? index, [items])
  const estimateSize = useCallback(
    (index: number) => size[items[index]?.kind ?? 'row'],
    [items, size],
  )
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize,
    getItemKey,
    overscan: 6,
    rangeExtractor,
    useFlushSync: false,
    scrollPaddingStart: size.group,
  })
  const lines = virtualizer.getVirtualItems()
  return {
    lines,
    height: virtualizer.getTotalSize(),
    stickyIndex: sticky.current,
    scrollTo: (index) => virtualizer.scrollToIndex(index, { align: 'auto' }),
    pageSize: Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / size.row) - 1),
  }
}
