import type { ReactNode } from 'react'
import { looks } from './job-state.ts'
import type { JobLook } from './job-state.ts'
import './track.css'

/** A shape for each status, so that no meaning hangs on colour alone; the word is for ears. */
const shapes = {
  queued: <circle className="sign-line" cx="8" cy="8" r="5.6" strokeDasharray="2.2 2.2" />,
  running: (
    <>
      <path className="sign-line" d="M8 2.4a5.6 5.6 0 1 1-5.27 3.7" />
      <circle className="sign-fill" cx="8" cy="8" r="1.9" />
    </>
  ),
  stalled: (
    <>
      <path className="sign-ground" d="M8 1.6 15 14H1Z" strokeLinejoin="round" />
      <path className="sign-line" d="M8 6.4v3.4M8 12v.01" />
    </>
  ),
  succeeded: (
    <>
      <circle className="sign-ground" cx="8" cy="8" r="6.8" />
      <path className="sign-line" d="m5.2 8.3 2 2 3.6-4.2" />
    </>
  ),
  failed: (
    <>
      <rect className="sign-ground" x="1.5" y="1.5" width="13" height="13" rx="3" />
      <path className="sign-line" d="m5.8 5.8 4.4 4.4M10.2 5.8l-4.4 4.4" />
    </>
  ),
  cancelled: (
    <>
      <circle className="sign-line" cx="8" cy="8" r="5.6" />
      <path className="sign-line" d="M5.4 8h5.2" />
    </>
  ),
} satisfies Record<JobLook, ReactNode>

interface StatusSignProps {
  readonly look: JobLook
  readonly remembered: boolean
}

export function StatusSign({ look, remembered }: StatusSignProps) {
  return (
    <>
      <svg
        className="sign"
        data-tone={looks[look].tone}
        data-remembered={remembered || undefined}
        width="16"
        height="16"
        viewBox="0 0 16 16"
        aria-hidden="true"
        focusable="false"
      >
        {shapes[look]}
      </svg>
      <span className="vh">
        {looks[look].word}
        {remembered ? ', remembered' : ''}
      </span>
    </>
  )
}
