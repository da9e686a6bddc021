import type { Database } from '../database/database.ts'
import type { Log } from '../log.ts'
import type { Claims } from '../tokens/claims.ts'

export interface AuditEntry {
  /** Null where the credential was refused: nobody knows who it was. */
  readonly claims: Claims | null
  readonly action: string
  readonly subject: string | null
  readonly remoteAddress: string | null
  readonly result: string
}

const flushMs = 200
/** Entries that may wait; a flood beyond it is counted in the log and not written. */
const mostWaiting = 5_000

/** What jsonb does not take would cost all entries of the same statement. */
const storable = (text: string | null | undefined): string | null =>
  text?.toWellFormed().replaceAll('\0', '\ufffd') ?? null

/** Writes down who asked to see what, and the answer; many entries in one statement. Never a token. */
export class Audit {
  readonly #database: Database
  readonly #log: Log
  #waiting: object[] = []
  #dropped = 0
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> = Promise.resolve()

  constructor(database: Database, log: Log) {
    this.#database = database
    this.#log = log
  }

  write({ claims, action, subject, remoteAddress, result }: AuditEntry): void {
    if (this.#waiting.length >= mostWaiting) {
      this.#dropped += 1
      return
    }
    this.#waiting.push({
      at: new Date().toISOString(),
      user_id: storable(claims?.userId),
      email: storable(claims?.email),
      tenant_ids: claims?.tenants.map((tenant) => storable(tenant.id)) ?? [],
      action,
      subject: storable(subject?.slice(0, 128)),
      remote_address: remoteAddress,
      result,
    })
    this.#timer ??= setTimeout(() => void this.flush(), flushMs)
  }

  /** Resolves when everything said so far is written, or was given up with a line in the log. */
  flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const entries = this.#waiting
    this.#waiting = []
    if (entries.length > 0) this.#writing = this.#writing.then(() => this.#insert(entries))
    return this.#writing
  }

  async #insert(entries: readonly object[]): Promise<void> {
    if (this.#dropped > 0) this.#log.warn('audit entries were dropped', { count: this.#dropped })
    this.#dropped = 0
    try {
      await this.#database.query(
        `insert into public.audit_log
           (at, user_id, email, tenant_ids, action, subject, remote_address, result)
         select at, user_id, email, tenant_ids, action, subject, remote_address, result
         from jsonb_to_recordset($1::jsonb) as r(at timestamptz, user_id text, email text,
           tenant_ids text[], action text, subject text, remote_address text, result text)`,
        [JSON.stringify(entries)],
      )
    } catch (error) {
      this.#log.error('audit entries could not be written', {
        count: entries.length,
        why: String(error),
      })
    }
  }
}
