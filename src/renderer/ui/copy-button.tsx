import { useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { copyText } from './copy.ts'
import { windowFrames } from './frames.ts'

interface CopyButtonProps {
  readonly text: string
  readonly className: string
  /** Said on hover. */
  readonly title?: string
  /** What stands in the button, by whether it was just copied. */
  readonly children: (copied: boolean) => ReactNode
}

/** Copies, and says so for two seconds. */
export function CopyButton({ text, className, title, children }: CopyButtonProps) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle')
  useEffect(() => {
    if (state === 'idle') return undefined
    return windowFrames.after(2_000, () => setState('idle'))
  }, [state])
  const said = state === 'copied' ? 'Copied' : state === 'failed' ? 'Could not be copied' : ''
  return (
    <>
      <button
        type="button"
        className={className}
        title={title}
        onClick={() => {
          void copyText(text).then((copied) => setState(copied ? 'copied' : 'failed'))
        }}
      >
        {children(state === 'copied')}
      </button>
      <span className="vh" role="status">
        {said}
      </span>
    </>
  )
}
