import { Component } from 'react'
import type { ReactNode } from 'react'

interface Props {
  readonly children: ReactNode
}

/** The last resort: the window could not draw itself. Jobs and the session are not touched by it. */
export class ErrorBoundary extends Component<Props, { readonly failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true }
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children
    return (
      <main className="sheet">
        <div className="sheet-column" role="alert">
          <h1 className="sheet-title">The window could not be drawn</h1>
          <p className="sheet-text">
            This is a fault of Signalbox. Your session and the jobs are not touched: both are kept
            outside of this window. Draw it again; if it stays so, start Signalbox again.
          </p>
          <div className="sheet-acts">
            <button
              type="button"
              className="button"
              data-kind="primary"
              onClick={() => location.reload()}
            >
              Draw again
            </button>
          </div>
        </div>
      </main>
    )
  }
}
