import { untoldFields } from '../../../shared/job.ts'
import type { UntoldField } from '../../../shared/job.ts'
import type { JobTable } from '../../../shared/profile.ts'
import { parseJson } from '../frames.ts'
import { microsecondsOf, timeText } from './row-time.ts'

/** One row as it came, by column. */
export type Row = Readonly<Record<string, unknown>>

type Columns = JobTable['columns']

/** The columns that are read, each once. */
export function columnsOf(columns: Columns): readonly string[] {
  return [...new Set(Object.values(columns).filter((name) => name !== null))]
}

/** Whether every column that is read stands in the row; a change may leave out what it did not touch. */
export function isWhole(row: Row, columns: Columns): boolean {
  return columnsOf(columns).every((name) => Object.hasOwn(row, name))
}

/** What is said of a row that is deleted, too: its id, if it has one. */
export function idIn(row: Row, { id }: Columns): string | null {
  const value = Object.hasOwn(row, id) ? row[id] : null
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null
}

/** When the row says that it was changed, in microseconds. */
export function changedAt(row: Row, { updatedAt }: Columns): number | null {
  const value = Object.hasOwn(row, updatedAt) ? row[updatedAt] : null
  return typeof value === 'string' ? microsecondsOf(value) : null
}

/**
 * A row under the names of the gateway protocol, its values as types of ours where PostgreSQL or
 * Realtime write them differently. It judges nothing: what is wrong is found by the schema.
 */
export function toWire(row: Row, columns: Columns): Row {
  const of = (name: string | null): unknown =>
    name !== null && Object.hasOwn(row, name) ? row[name] : undefined
  const step = json(of(columns.step))
  return {
    id: of(columns.id),
    tenant_id: of(columns.tenantId),
    status: of(columns.status),
    updated_at: time(of(columns.updatedAt)),
    name: clipped(of(columns.name), 128),
    kind: clipped(of(columns.kind), 64),
    progress: number(of(columns.progress)),
    ...(typeof step === 'string' ? { current_step: step } : { step }),
    counters: json(of(columns.counters)),
    message: of(columns.message),
    attempt: number(of(columns.attempt)),
    seq: number(of(columns.seq)),
    created_at: time(of(columns.createdAt)) ?? undefined,
    started_at: time(of(columns.startedAt)),
    finished_at: time(of(columns.finishedAt)),
    error: error(of(columns.error)),
  }
}

/** What the table has no column for, and names that the row leaves empty. */
export function untoldIn(row: Row, columns: Columns): readonly UntoldField[] {
  return untoldFields.filter((field) => {
    const column = columns[field]
    if (column === null) return true
    return (field === 'name' || field === 'kind') && Object.hasOwn(row, column) && !row[column]
  })
}

/** Numbers may come as texts: `numeric` always, others from older servers. */
function number(value: unknown): unknown {
  if (value === null) return undefined
  return typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : value
}

function time(value: unknown): unknown {
  const micros = typeof value === 'string' ? microsecondsOf(value) : null
  return micros === null ? value : timeText(micros)
}

/** What a table leaves empty or makes longer than a name may be is still worth a row. */
function clipped(value: unknown, length: number): unknown {
  if (value === null || value === '') return undefined
  return typeof value === 'string' ? value.slice(0, length) : value
}

/** `json` may come as its text; other texts are no JSON, also where they could be read as such. */
function json(value: unknown): unknown {
  return typeof value === 'string' && value.startsWith('{') ? (parseJson(value) ?? value) : value
}

/** An error may be a text, our object, or an object of the backend's own. */
function error(value: unknown): unknown {
  const read = json(value)
  if (typeof read !== 'object' || read === null || 'code' in read) return read
  return 'message' in read && typeof read.message === 'string' ? read.message : JSON.stringify(read)
}
