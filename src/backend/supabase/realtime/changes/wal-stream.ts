import { LogicalReplicationService } from 'pg-logical-replication'
import { AbstractPlugin } from 'pg-logical-replication/dist/output-plugins/abstract.plugin.js'
import type pg from 'pg'
import type { Connection } from '../../../database/database.ts'
import { applicationName } from '../../../database/pool.ts'
import { WalDecoder, type RowChange } from './wal-decoder.ts'

export const publication = 'supabase_realtime'

/** Waits for transactions that write: no slot begins in the middle of one. */
const openWithinMs = 10_000

/** As `to_jsonb` would print values, whatever the server's defaults are. */
const printing =
  '-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=postgres -c extra_float_digits=1 -c bytea_output=hex'

export interface WalStreamOptions {
  readonly connection: Connection
  /** Changes in commit order. While it waits, nothing more is read. */
  readonly onChange: (change: RowChange) => Promise<void> | undefined
  /** At most once, never after `close`. */
  readonly onLost: (why: string) => void
}

export interface WalStream {
  close: () => Promise<void>
}

/**
 * Follows the publication through a temporary slot of its own connection: the server drops it with
 * the connection, so that nothing is left to hold back WAL, whatever becomes of this process.
 * Resolves when every later commit will be heard. @throws what PostgreSQL says.
 */
export async function openWalStream(options: WalStreamOptions): Promise<WalStream> {
  const service = new LogicalReplicationService(
    { ...options.connection, application_name: applicationName, options: printing },
    // A status every 10 s is enough; the slot keeps nothing that a new connection could ask for.
    { acknowledge: { auto: false, timeoutSeconds: 10 }, flowControl: { enabled: true } },
  )
  let closed = false
  const close = async (): Promise<void> => {
    closed = true
    await service.destroy().catch(() => undefined)
  }
  const lost = (why: string): void => {
    if (closed) return
    options.onLost(why)
    void close()
  }
  service.on('data', (_lsn, change: RowChange | null) =>
    change === null || closed ? undefined : options.onChange(change),
  )
  service.on('heartbeat', (lsn, _timestamp, shouldRespond) => {
    if (shouldRespond) void service.acknowledge(lsn)
  })
  try {
    await started(service, lost)
  } catch (error) {
    await close()
    throw error
  }
  return { close }
}

function started(service: LogicalReplicationService, lost: (why: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let isStarted = false
    const late = setTimeout(
      () => fail(new Error('a transaction that runs for long holds up the start')),
      openWithinMs,
    )
    const fail = (error: unknown): void => {
      clearTimeout(late)
      const reason = error instanceof Error ? error : new Error(String(error))
      if (isStarted) lost(reason.message)
      else reject(reason)
    }
    service.on('start', () => {
      clearTimeout(late)
      isStarted = true
      resolve()
    })
    service.on('error', fail)
    service
      .subscribe(new RowChanges({}), `signalbox_${process.pid}_${nextSlot++}`)
      .then(() => fail(new Error('the server ended the stream')), fail)
  })
}

let nextSlot = 1

/** The package's own reader of pgoutput makes JavaScript values of the text. */
class RowChanges extends AbstractPlugin {
  readonly #decoder = new WalDecoder()

  override get name(): string {
    return 'pgoutput'
  }

  override parse(message: Buffer): RowChange | null {
    return this.#decoder.decode(message)
  }

  override async start(client: pg.Client, slot: string): Promise<unknown> {
    await client.query(
      `CREATE_REPLICATION_SLOT "${slot}" TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT`,
    )
    return client.query(
      `START_REPLICATION SLOT "${slot}" LOGICAL 0/0 (proto_version '1', publication_names '${publication}')`,
    )
  }
}
