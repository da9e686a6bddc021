import type { Database } from '../../../database/database.ts'
import { Lane } from './lane.ts'
import type { Listener } from './listener.ts'
import { RowChecks } from './row-checks.ts'
import { readTableFacts, type TableFacts } from './table-facts.ts'
import type { Relation } from './wal-decoder.ts'
import { openWalStream } from './wal-stream.ts'

/** A changed right of a table is heard of at once; one of a role, or of a role's roles, is not. */
const factsLifetimeMs = 30_000

interface FeedOptions {
  readonly database: Database
  /** At most once, and never before the feed is open: everybody has missed something. */
  readonly onLost: (why: string) => void
  /** For these it could not be told whether they may hear of something. */
  readonly onUntold: (listeners: ReadonlySet<Listener>) => void
}

/** Changes from the WAL to the listeners. It is never mended: when it breaks, a new one is opened. */
export interface Feed {
  readonly listeners: readonly Listener[]
  /** `direct` listeners do not wait for what PostgreSQL has to be asked about others. */
  add: (listener: Listener, direct: boolean) => void
  remove: (listener: Listener) => void
  close: () => Promise<void>
}

/** @throws what PostgreSQL says. */
export async function openFeed({ database, onLost, onUntold }: FeedOptions): Promise<Feed> {
  await using opened = new AsyncDisposableStack()
  const breach = new Breach(onLost)
  const checks = await RowChecks.open(database.connection, (why) => breach.tell(why))
  opened.defer(() => checks.close())
  const onFault = (error: unknown): void => breach.tell(String(error))
  const options = { checks, factsOf: rememberFacts(database), onUntold, onFault }
  const direct = new Lane(options)
  const guarded = new Lane(options)
  opened.defer(() => direct.close())
  opened.defer(() => guarded.close())
  const stream = await openWalStream({
    connection: database.connection,
    onLost: (why) => breach.tell(why),
    onChange: (change) => {
      const waits = [direct.push(change), guarded.push(change)].filter((wait) => wait !== undefined)
      return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined)
    },
  })
  opened.defer(() => stream.close())
  breach.arm()
  const owned = opened.move()
  return {
    get listeners() {
      return [...direct.listeners, ...guarded.listeners]
    },
    add: (listener, isDirect) => (isDirect ? direct : guarded).listeners.add(listener),
    remove: (listener) => {
      direct.listeners.delete(listener)
      guarded.listeners.delete(listener)
    },
    close: () => {
      breach.disarm()
      return owned.disposeAsync()
    },
  }
}

/** Tells once that something broke; while the feed is being opened, by failing to open. */
class Breach {
  readonly #onLost: (why: string) => void
  #phase: 'opening' | 'open' | 'over' = 'opening'
  #why: string | null = null

  constructor(onLost: (why: string) => void) {
    this.#onLost = onLost
  }

  tell(why: string): void {
    this.#why ??= why
    if (this.#phase !== 'open') return
    this.#phase = 'over'
    this.#onLost(this.#why)
  }

  arm(): void {
    if (this.#why !== null) throw new Error(this.#why)
    this.#phase = 'open'
  }

  disarm(): void {
    this.#phase = 'over'
  }
}

/** By relation as the WAL tells it: whenever it tells it anew, the table is read anew. */
function rememberFacts(database: Database): (relation: Relation) => Promise<TableFacts | null> {
  const known = new WeakMap<Relation, { facts: Promise<TableFacts | null>; untilMs: number }>()
  return (relation) => {
    const now = performance.now()
    const found = known.get(relation)
    if (found !== undefined && found.untilMs > now) return found.facts
    const facts = readTableFacts(database, relation.oid)
    known.set(relation, { facts, untilMs: now + factsLifetimeMs })
    return facts
  }
}
