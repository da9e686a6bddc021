import { useRef } from 'react'
import type { KeyboardEvent, PointerEvent, ReactNode } from 'react'
import { useStores } from '../stores.ts'
import { clampPane, paneWidths } from '../ui/preferences.ts'
import { useView } from '../ui/use-view.ts'

/** The pane and its edge, which can be dragged or moved with the arrow keys. */
export function PaneEdge({ children }: { readonly children: ReactNode }) {
  const { preferences } = useStores()
  const { paneWidth } = useView(preferences)
  const dragFrom = useRef<{ readonly x: number; readonly width: number } | null>(null)
  const onPointerDown = (event: PointerEvent<HTMLDivElement>): void => {
    event.currentTarget.setPointerCapture(event.pointerId)
    dragFrom.current = { x: event.clientX, width: paneWidth }
  }
  const onPointerMove = (event: PointerEvent<HTMLDivElement>): void => {
    const from = dragFrom.current
    if (from === null) return
    preferences.change({ paneWidth: clampPane(from.width + from.x - event.clientX) })
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = event.key === 'ArrowLeft' ? 20 : event.key === 'ArrowRight' ? -20 : 0
    if (by === 0) return
    event.preventDefault()
    preferences.change({ paneWidth: clampPane(paneWidth + by) })
  }
  return (
    <aside className="pane" aria-label="Job details" style={{ width: paneWidth }}>
      <div
        role="separator"
        aria-orientation="vertical"
        aria-label="Width of the details"
        aria-valuemin={paneWidths.least}
        aria-valuemax={paneWidths.most}
        aria-valuenow={paneWidth}
        tabIndex={0}
        className="pane-edge"
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={() => {
          dragFrom.current = null
        }}
        onKeyDown={onKeyDown}
      />
      <div className="pane-scroll">{children}</div>
    </aside>
  )
}
