import type { CSSProperties } from 'react'
import { formatPercent } from '../ui/format.ts'
import type { LookWords } from './job-state.ts'
import './track.css'

/** More steps than this cannot be told apart at this size: then the track is one piece. */
const mostSegments = 12

/** How far each segment is filled, 0 to 1, when the whole is at `percent`. */
export function segmentsOf(percent: number, steps: number): readonly number[] {
  const count = steps >= 1 && steps <= mostSegments ? steps : 1
  const reached = (Math.min(100, Math.max(0, percent)) / 100) * count
  return Array.from({ length: count }, (_, index) => Math.min(1, Math.max(0, reached - index)))
}

interface TrackProps {
  readonly percent: number
  readonly steps: number
  readonly tone: LookWords['tone']
  /** Hatched: the state is only remembered. */
  readonly remembered: boolean
  readonly label: string
  /** In words: "Transform, step 3 of 5, 52.4%". */
  readonly text: string
}

/** Progress, one segment a step. */
export function Track({ percent, steps, tone, remembered, label, text }: TrackProps) {
  return (
    <span
      className="track"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(percent)}
      aria-valuetext={`${text}, ${formatPercent(percent)}${remembered ? ', remembered' : ''}`}
      data-tone={tone}
      data-remembered={remembered || undefined}
    >
      {segmentsOf(percent, steps).map((filled, index) => (
        <span className="track-step" key={index}>
          <span className="track-fill" style={shift(filled)} />
        </span>
      ))}
    </span>
  )
}

/** The fill is moved, not stretched: its hatching keeps its angle. */
const shift = (filled: number): CSSProperties =>
  filled === 0
    ? { transform: 'translateX(-100%)', visibility: 'hidden' }
    : { transform: `translateX(${((filled - 1) * 100).toFixed(2)}%)` }
