import type { Failure } from '../../shared/failure.ts'
import { wordsFor } from '../diagnostics/wording.ts'
import { formatWait } from '../ui/format.ts'

/** A failure in full: its words, how long to wait, and where the log has more. */
export function failureWords(failure: Failure): { readonly title: string; readonly text: string } {
  const { title, text } = wordsFor(failure.code)
  const wait =
    failure.retryAfterMs === undefined ? '' : ` Wait ${formatWait(failure.retryAfterMs)} first.`
  const ref = failure.ref === undefined ? '' : ` Reference: ${failure.ref}.`
  return { title, text: `${text}${wait}${ref}` }
}
