import type { ListItem } from './order.ts'

export type GridAct =
  | { readonly kind: 'move'; readonly to: number }
  | { readonly kind: 'open'; readonly key: string }
  | { readonly kind: 'fold'; readonly tenantId: string; readonly folded: boolean }
  | { readonly kind: 'close' }

interface At {
  readonly items: readonly ListItem[]
  /** -1 when no line is active yet. */
  readonly active: number
  readonly pageSize: number
}

/** What a key means on the grid; null when it means nothing there. */
export function gridAct(key: string, { items, active, pageSize }: At): GridAct | null {
  const last = items.length - 1
  if (last < 0) return key === 'Escape' ? { kind: 'close' } : null
  const move = (to: number): GridAct => ({ kind: 'move', to: Math.min(last, Math.max(0, to)) })
  const item = items[active]
  switch (key) {
    case 'ArrowDown':
      return move(active + 1)
    case 'ArrowUp':
      return move(active < 0 ? last : active - 1)
    case 'PageDown':
      return move(active + pageSize)
    case 'PageUp':
      return move(active - pageSize)
    case 'Home':
      return move(0)
    case 'End':
      return move(last)
    case 'Escape':
      return { kind: 'close' }
    case 'Enter':
    case ' ':
      if (item === undefined) return null
      return item.kind === 'row'
        ? { kind: 'open', key: item.key }
        : { kind: 'fold', tenantId: item.tenantId, folded: item.open }
    case 'ArrowLeft':
      if (item?.kind === 'row') return move(headOf(items, active))
      return item?.open === true ? { kind: 'fold', tenantId: item.tenantId, folded: true } : null
    case 'ArrowRight':
      if (item?.kind !== 'group') return null
      return item.open ? move(active + 1) : { kind: 'fold', tenantId: item.tenantId, folded: false }
    default:
      return null
  }
}

const headOf = (items: readonly ListItem[], index: number): number => {
  const tenantId = items[index]?.tenantId
  return items.findIndex((item) => item.kind === 'group' && item.tenantId === tenantId)
}
