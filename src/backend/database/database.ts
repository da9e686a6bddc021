import type { ConnectionConfig } from 'pg'

/**
 * The backend's one door to PostgreSQL. It knows connections and transactions; it knows no table.
 */
export interface Queryable {
  /** One statement, parameters as `$1`…; the rows, or an empty list. */
  query: <Row = unknown>(sql: string, params?: readonly unknown[]) => Promise<Row[]>
}

/** Who a statement runs as, so that row level security sees a person and not the backend. */
export interface Caller {
  readonly role: 'anon' | 'authenticated' | 'service_role'
  /** The token's claims, as `auth.jwt()` gives them to policies. */
  readonly claims: object
}

/** Where a server is and how it is entered. Without `ssl` the PG* variables would decide. */
export interface Connection {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  readonly ssl: NonNullable<ConnectionConfig['ssl']>
}

export interface Database extends Queryable {
  /** For the one room that needs a connection of another kind: logical replication. */
  readonly connection: Connection
  /** One transaction on one connection; rolled back when `run` rejects. */
  tx: <T>(run: (queryable: Queryable) => Promise<T>) => Promise<T>
  /** One transaction under `SET LOCAL role` and `request.jwt.claims`. */
  asCaller: <T>(caller: Caller, run: (queryable: Queryable) => Promise<T>) => Promise<T>
  /**
   * Hears `NOTIFY channel`. The listener gets the payload, or null once after the connection was
   * lost and regained: whatever was notified in between is unknown. Returns its own off-switch.
   */
  listen: (
    channel: string,
    listener: (payload: string | null) => void,
  ) => Promise<() => Promise<void>>
  close: () => Promise<void>
}
