/** A table as the WAL describes it; a new object whenever the table, or a right on it, changed. */
export interface Relation {
  readonly oid: number
  readonly schema: string
  readonly table: string
  readonly columns: readonly {
    readonly name: string
    /** Belongs to the replica identity; with FULL every column does. */
    readonly identity: boolean
  }[]
}

/** By column, as PostgreSQL prints it; undefined is not in the WAL (TOASTed and unchanged). */
export type Tuple = readonly (string | null | undefined)[]

export interface RowChange {
  readonly relation: Relation
  readonly type: 'INSERT' | 'UPDATE' | 'DELETE'
  readonly commitLsn: bigint
  readonly committedAtMs: number
  /** Null for a DELETE. */
  readonly row: Tuple | null
  /** The replica identity before; null for an INSERT. */
  readonly old: Tuple | null
  readonly bytes: number
}

const epochMs = Date.UTC(2000, 0, 1)

/**
 * Reads pgoutput, protocol version 1 ("Logical Replication Message Formats" of the PostgreSQL
 * manual), and leaves values as text: a number or a time read into JavaScript would lose digits.
 */
export class WalDecoder {
  readonly #relations = new Map<number, Relation>()
  #commitLsn = 0n
  #committedAtMs = 0

  /** Null for everything that is no change of a row. */
  decode(message: Buffer): RowChange | null {
    const reader = new Reader(message)
    switch (reader.letter()) {
      case 'B':
        this.#commitLsn = reader.int64()
        this.#committedAtMs = epochMs + Number(reader.int64() / 1_000n)
        return null
      case 'R':
        this.#learn(reader)
        return null
      case 'I':
        return this.#change('INSERT', reader, message.length)
      case 'U':
        return this.#change('UPDATE', reader, message.length)
      case 'D':
        return this.#change('DELETE', reader, message.length)
      default:
        return null
    }
  }

  #learn(reader: Reader): void {
    const oid = reader.int32()
    const schema = reader.text() || 'pg_catalog'
    const table = reader.text()
    reader.letter()
    const columns = Array.from({ length: reader.int16() }, () => {
      const identity = (reader.byte() & 1) === 1
      const name = reader.text()
      reader.int32()
      reader.int32()
      return { name, identity }
    })
    this.#relations.set(oid, { oid, schema, table, columns })
  }

  #change(type: RowChange['type'], reader: Reader, bytes: number): RowChange | null {
    const relation = this.#relations.get(reader.int32())
    if (relation === undefined) return null
    let before: Tuple | null = null
    let row: Tuple | null = null
    while (reader.more()) {
      if (reader.letter() === 'N') row = reader.tuple()
      else before = reader.tuple()
    }
    return {
      relation,
      type,
      commitLsn: this.#commitLsn,
      committedAtMs: this.#committedAtMs,
      row: row && completed(row, before),
      old: type === 'INSERT' ? null : identityOf(relation, before ?? row ?? []),
      bytes,
    }
  }
}

/** With REPLICA IDENTITY FULL the old row has what the new one leaves out. */
function completed(row: Tuple, before: Tuple | null): Tuple {
  return row.map((value, at) => (value === undefined ? (before?.[at] ?? undefined) : value))
}

/** An UPDATE that leaves the identity as it was does not repeat it. */
function identityOf({ columns }: Relation, tuple: Tuple): Tuple {
  return columns.map(({ identity }, at) => (identity ? tuple[at] : undefined))
}

class Reader {
  readonly #buffer: Buffer
  #at = 0

  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }

  more(): boolean {
    return this.#at < this.#buffer.length
  }

  byte(): number {
    return this.#buffer.readUInt8(this.#at++)
  }

  letter(): string {
    return String.fromCharCode(this.byte())
  }

  int16(): number {
    this.#at += 2
    return this.#buffer.readUInt16BE(this.#at - 2)
  }

  int32(): number {
    this.#at += 4
    return this.#buffer.readUInt32BE(this.#at - 4)
  }

  int64(): bigint {
    this.#at += 8
    return this.#buffer.readBigInt64BE(this.#at - 8)
  }

  text(): string {
    const end = this.#buffer.indexOf(0, this.#at)
    const text = this.#buffer.toString('utf8', this.#at, end)
    this.#at = end + 1
    return text
  }

  tuple(): Tuple {
    return Array.from({ length: this.int16() }, () => {
      const kind = this.letter()
      if (kind === 'n') return null
      if (kind === 'u') return undefined
      const length = this.int32()
      this.#at += length
      return this.#buffer.toString('utf8', this.#at - length, this.#at)
    })
  }
}
