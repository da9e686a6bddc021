import type { ReactNode } from 'react'
import './light.css'

export type LightTone = 'clear' | 'caution' | 'danger' | 'move' | 'idle'
/** Full: heard. Half: partly. Hollow: not heard. Barred: refused or stopped. Dashed: nothing is meant to be. */
export type LightShape = 'full' | 'half' | 'hollow' | 'barred' | 'dashed'

const shapes = {
  full: <circle className="light-fill" cx="6" cy="6" r="4.5" />,
  half: (
    <>
      <circle className="light-line" cx="6" cy="6" r="4.25" />
      <path className="light-fill" d="M6 1.75a4.25 4.25 0 0 0 0 8.5Z" />
    </>
  ),
  hollow: <circle className="light-line" cx="6" cy="6" r="4.25" />,
  barred: (
    <>
      <rect className="light-fill" x="1.25" y="1.25" width="9.5" height="9.5" rx="2" />
      <path className="light-bar" d="M3.5 6h5" />
    </>
  ),
  dashed: <circle className="light-line" cx="6" cy="6" r="4.25" strokeDasharray="1.7 1.7" />,
} satisfies Record<LightShape, ReactNode>

interface LightProps {
  readonly tone: LightTone
  readonly shape: LightShape
  readonly size?: number
}

/** One signal lamp: what it says stands in words beside it, in its shape, and in its colour. */
export function Light({ tone, shape, size = 12 }: LightProps) {
  return (
    <svg
      className="light"
      data-tone={tone}
      data-shape={shape}
      width={size}
      height={size}
      viewBox="0 0 12 12"
      aria-hidden="true"
      focusable="false"
    >
      {shapes[shape]}
    </svg>
  )
}
