/**
 * What the operator looks at in one workspace: filter, order, folded tenants, the active and the
 * selected row. It holds keys only; the rows are the feed's.
 */
import type { JobRow } from '../../shared/job.ts'
import type { Frames } from '../ui/frames.ts'
import { Listeners } from '../ui/listeners.ts'
import type { Off } from '../ui/listeners.ts'
import { isFiltering, matcher, noFilter } from './filter.ts'
import type { JobFilter } from './filter.ts'
import type { FeedChange, JobFeed } from './job-feed.ts'
import { arrange, flatten, hold, placeOf, samePlace } from './order.ts'
import type { ListItem, Place, Section } from './order.ts'

export interface ListView {
  readonly items: readonly ListItem[]
  readonly filter: JobFilter
  readonly filtering: boolean
  /** Rows that match the filter, folded ones included. */
  readonly matching: number
  readonly total: number
  /** New rows that are held back while somebody reads. */
  readonly waiting: number
  readonly activeKey: string | null
  readonly selectedKey: string | null
}

/** The order changes at most twice a second, however often jobs start and end. */
const arrangeEveryMs = 500

export class JobList {
  readonly #feed: JobFeed
  readonly #frames: Frames
  readonly #listeners = new Listeners()
  readonly #places = new Map<string, Place>()
  readonly #collapsed = new Set<string>()
  readonly #offs: Off[] = []
  #nameOf: (tenantId: string) => string = (tenantId) => tenantId
  #filter: JobFilter = noFilter
  #sections: readonly Section[] = []
  #waiting: readonly string[] = []
  #reading = false
  #arrangedAtMs = Number.NEGATIVE_INFINITY
  #cancelArrange: Off | null = null
  #view: ListView = {
    items: [],
    filter: noFilter,
    filtering: false,
    matching: 0,
    total: 0,
    waiting: 0,
    activeKey: null,
    selectedKey: null,
  }

  constructor(feed: JobFeed, frames: Frames) {
    this.#feed = feed
    this.#frames = frames
    this.#offs.push(feed.onFlush((changes) => this.#take(changes)))
  }

  readonly view = (): ListView => this.#view
  readonly subscribe = this.#listeners.subscribe

  close(): void {
    for (const off of this.#offs.splice(0)) off()
    this.#cancelArrange?.()
    this.#cancelArrange = null
    this.#places.clear()
    this.#collapsed.clear()
    this.#sections = []
    this.#waiting = []
    this.#filter = noFilter
    this.#view = { ...this.#view, activeKey: null, selectedKey: null }
    this.#publish()
  }

  setTenantNames(nameOf: (tenantId: string) => string): void {
    this.#nameOf = nameOf
    this.#arrange('anew')
  }

  setFilter(filter: JobFilter): void {
    this.#filter = filter
    this.#arrange('anew')
  }

  /** True while somebody reads: rows keep their places, new ones wait. */
  setReading(reading: boolean): void {
    if (this.#reading === reading) return
    this.#reading = reading
    if (!reading) this.#arrange('gently')
  }

  /** Lets in what was held back; answers the key of the first new row. */
  release(): string | null {
    const first = this.#waiting[0] ?? null
    this.#arrange('anew')
    return first
  }

  fold(tenantId: string, folded: boolean): void {
    if (folded) this.#collapsed.add(tenantId)
    else this.#collapsed.delete(tenantId)
    this.#publish()
  }

  setActive(activeKey: string | null): void {
    if (activeKey === this.#view.activeKey) return
    this.#view = { ...this.#view, activeKey }
    this.#listeners.notify()
  }

  select(selectedKey: string | null): void {
    if (selectedKey === this.#view.selectedKey) return
    this.#view = { ...this.#view, selectedKey, activeKey: selectedKey ?? this.#view.activeKey }
    this.#listeners.notify()
  }

  #take(changes: readonly FeedChange[]): void {
    let moved = false
    for (const { key, after } of changes) {
      moved = (after === undefined ? this.#places.delete(key) : this.#place(after)) || moved
    }
    if (moved) this.#arrange('gently')
  }

  /** True when the row is new or belongs elsewhere now. */
  #place(row: JobRow): boolean {
    const place = placeOf(row)
    const known = this.#places.get(place.key)
    if (known !== undefined && samePlace(known, place)) return false
    this.#places.set(place.key, place)
    return true
  }

  #arrange(how: 'anew' | 'gently'): void {
    const waitMs = this.#arrangedAtMs + arrangeEveryMs - this.#frames.now()
    const waits = waitMs > 0 && waitMs <= arrangeEveryMs && this.#sections.length > 0
    if (how === 'gently' && waits) {
      this.#cancelArrange ??= this.#frames.after(waitMs, () => {
        this.#cancelArrange = null
        this.#arrange('gently')
      })
      return
    }
    this.#cancelArrange?.()
    this.#cancelArrange = null
    this.#arrangedAtMs = this.#frames.now()
    const wanted = arrange(this.#matching(), this.#nameOf)
    const held = this.#reading && how === 'gently' && this.#sections.length > 0
    const next = held ? hold(this.#sections, wanted) : { sections: wanted, waiting: [] }
    this.#sections = next.sections
    this.#waiting = next.waiting
    this.#publish()
  }

  *#matching(): Iterable<Place> {
    const matches = matcher(this.#filter, this.#nameOf)
    for (const place of this.#places.values()) {
      const row = this.#feed.row(place.key)
      if (row !== undefined && matches(row)) yield place
    }
  }

  #publish(): void {
    const { activeKey, selectedKey } = this.#view
    const items = flatten(this.#sections, this.#collapsed)
    const gone = selectedKey !== null && !this.#places.has(selectedKey)
    this.#view = {
      items,
      filter: this.#filter,
      filtering: isFiltering(this.#filter),
      matching: this.#sections.reduce((sum, section) => sum + section.keys.length, 0),
      total: this.#places.size,
      waiting: this.#waiting.length,
      activeKey,
      selectedKey: gone ? null : selectedKey,
    }
    this.#listeners.notify()
  }
}
