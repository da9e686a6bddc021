import type { Group } from '../../shared/ipc/contract.ts'
import { formatWhole } from '../ui/format.ts'

/** The counts of one tenant in words: "9 running · 1 failed · 214 done". */
export function groupWords(group: Group | undefined): string {
  if (group === undefined) return ''
  const parts: (readonly [number, string, boolean])[] = [
    [group.running, 'running', true],
    [group.queued, 'queued', false],
    [group.failed, 'failed', true],
    [group.succeeded, 'done', true],
    [group.cancelled, 'cancelled', false],
  ]
  return parts
    .filter(([count, , always]) => always || count > 0)
    .map(([count, word]) => `${formatWhole(count)} ${word}`)
    .join(' · ')
}

/** The points of a small line, `width` by `height`, oldest at the left; empty when there is none. */
export function sparkPoints(
  values: readonly number[],
  { width, height }: { readonly width: number; readonly height: number },
): string {
  if (values.length < 2) return ''
  const most = Math.max(...values, 1)
  const step = width / (values.length - 1)
  return values
    .map((value, index) => {
      const y = height - 1 - (value / most) * (height - 2)
      return `${(index * step).toFixed(1)},${y.toFixed(1)}`
    })
    .join(' ')
}
