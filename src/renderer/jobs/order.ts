/**
 * The order of the list, pure. Within a tenant: running by start time, then queued, then failed,
 * then the rest, the latest of the finished first. It depends on nothing that changes often, so that
 * a row stays where it is while its job runs.
 */
import { jobKeyOf } from '../../shared/job-key.ts'
import type { JobRow } from '../../shared/job.ts'
import { timeOf } from './job-state.ts'

export interface Place {
  readonly key: string
  readonly tenantId: string
  readonly rank: number
  /** Ascending; what has ended counts backwards. */
  readonly at: number
}

const ranks = { running: 0, queued: 1, failed: 2, succeeded: 3, cancelled: 3 } as const

export function placeOf(row: JobRow): Place {
  const rank = ranks[row.status]
  const at =
    rank === 0
      ? timeOf(row.startedAt ?? row.createdAt)
      : rank === 1
        ? timeOf(row.createdAt)
        : -timeOf(row.finishedAt ?? row.updatedAt)
  return { key: jobKeyOf(row), tenantId: row.tenantId, rank, at }
}

export const samePlace = (a: Place, b: Place): boolean =>
  a.rank === b.rank && a.at === b.at && a.tenantId === b.tenantId

/** Keys break ties: two rows never change places without a reason. */
export const comparePlaces = (a: Place, b: Place): number =>
  a.rank - b.rank || a.at - b.at || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)

export interface Section {
  readonly tenantId: string
  readonly keys: readonly string[]
}

/** Tenants by name, and each one's jobs in order. */
export function arrange(
  places: Iterable<Place>,
  nameOf: (tenantId: string) => string,
): readonly Section[] {
  const byTenant = new Map<string, Place[]>()
  for (const place of places) {
    const list = byTenant.get(place.tenantId)
    if (list === undefined) byTenant.set(place.tenantId, [place])
    else list.push(place)
  }
  return [...byTenant]
    .map(([tenantId, list]) => ({
      tenantId,
      keys: list.sort(comparePlaces).map((place) => place.key),
    }))
    .sort((a, b) => nameOf(a.tenantId).localeCompare(nameOf(b.tenantId), 'en'))
}

/**
 * The order while somebody reads: every row that is still there keeps its place, nothing is added.
 * `waiting` are the rows that are held back.
 */
export function hold(
  shown: readonly Section[],
  wanted: readonly Section[],
): { readonly sections: readonly Section[]; readonly waiting: readonly string[] } {
  const present = new Set(wanted.flatMap((section) => section.keys))
  const sections = shown
    .map(({ tenantId, keys }) => ({ tenantId, keys: keys.filter((key) => present.has(key)) }))
    .filter((section) => section.keys.length > 0)
  for (const { keys } of sections) for (const key of keys) present.delete(key)
  return { sections, waiting: [...present] }
}

export type ListItem =
  | {
      readonly kind: 'group'
      readonly key: string
      readonly tenantId: string
      readonly open: boolean
    }
  | { readonly kind: 'row'; readonly key: string; readonly tenantId: string }

/** What the grid shows, line by line. */
export function flatten(
  sections: readonly Section[],
  collapsed: ReadonlySet<string>,
): readonly ListItem[] {
  const items: ListItem[] = []
  for (const { tenantId, keys } of sections) {
    const open = !collapsed.has(tenantId)
    items.push({ kind: 'group', key: `group ${tenantId}`, tenantId, open })
    if (open) for (const key of keys) items.push({ kind: 'row', key, tenantId })
  }
  return items
}
