// The short way through the door, for messages as backends send them a thousand times a second. It
// decides nothing: what it answers is what the schema answers, and what it does not take at once is
// left to the schema (tests/unit/main/sources/usual-wire.test.ts holds the two together).
import type { Wire } from './wire-job.ts'

type Mutable = { -readonly [Key in keyof Wire]: Wire[Key] }

/** Null: not usual, or wrong. What the schema does not name is not read here either. */
export function readUsual(raw: object): Wire | null {
  const fields = raw as Readonly<Record<string, unknown>>
  // One shape for all: whoever reads it need not look where a field is.
  const wire: Mutable = {
    id: undefined,
    job_id: undefined,
    name: undefined,
    job_name: undefined,
    kind: undefined,
    tenant_id: undefined,
    status: undefined,
    state: undefined,
    progress: undefined,
    percentage: undefined,
    percent: undefined,
    step: undefined,
    current_step: undefined,
    counters: undefined,
    message: undefined,
    attempt: undefined,
    seq: undefined,
    created_at: undefined,
    started_at: undefined,
    updated_at: undefined,
    timestamp: undefined,
    finished_at: undefined,
    error: undefined,
  }
  for (const key in fields) {
    if (!take(wire, key, fields[key])) return null
  }
  return wire
}

function take(wire: Mutable, key: string, value: unknown): boolean {
  switch (key) {
    case 'id':
    case 'job_id':
    case 'tenant_id':
      if (!isName(value) && !Number.isSafeInteger(value)) return false
      wire[key] = value as string | number
      return true
    case 'name':
    case 'job_name':
      if (!isName(value)) return false
      wire[key] = value
      return true
    case 'kind':
      if (!isText(value, 64)) return false
      wire.kind = value
      return true
    case 'status':
    case 'state':
      if (!isText(value, 32)) return false
      wire[key] = value
      return true
    case 'progress':
    case 'percentage':
    case 'percent':
      if (!isCount(value, 100)) return false
      wire[key] = value
      return true
    case 'attempt':
    case 'seq':
      if (!isWhole(value, key === 'attempt' ? 1 : 0)) return false
      wire[key] = value
      return true
    case 'message':
    case 'current_step':
      if (value !== null && typeof value !== 'string') return false
      wire[key] = value
      return true
    case 'created_at':
    case 'updated_at':
      if (!isTime(value)) return false
      wire[key] = value
      return true
    case 'started_at':
    case 'finished_at':
      if (value !== null && !isTime(value)) return false
      wire[key] = value
      return true
    case 'timestamp':
      if (!isTime(value) && !isCount(value, 1e13)) return false
      wire.timestamp = value
      return true
    default:
      return takeNested(wire, key, value)
  }
}

function takeNested(wire: Mutable, key: string, value: unknown): boolean {
  switch (key) {
    case 'step':
      return takeStep(wire, value)
    case 'counters':
      return takeCounters(wire, value)
    case 'error':
      return takeError(wire, value)
    default:
      return true
  }
}

type Fields<Key extends string> = Readonly<Partial<Record<Key, unknown>>>

function takeStep(wire: Mutable, value: unknown): boolean {
  if (value === null) {
    wire.step = null
    return true
  }
  if (!isObject(value)) return false
  const { index, total, label } = value as Fields<'index' | 'total' | 'label'>
  if (!isWhole(index, 1) || !isWhole(total, 1) || typeof label !== 'string') return false
  wire.step = { index, total, label }
  return true
}

function takeCounters(wire: Mutable, value: unknown): boolean {
  if (value === null) {
    wire.counters = null
    return true
  }
  if (!isObject(value)) return false
  const { done, total, unit } = value as Fields<'done' | 'total' | 'unit'>
  if (!isCount(done, mostCounted) || !isText(unit, 32)) return false
  if (total !== null && !isCount(total, mostCounted)) return false
  wire.counters = { done, total, unit }
  return true
}

function takeError(wire: Mutable, value: unknown): boolean {
  if (value === null) {
    wire.error = null
    return true
  }
  if (!isObject(value)) return false
  const { code, message } = value as Fields<'code' | 'message'>
  if (!isText(code, 64) || typeof message !== 'string') return false
  wire.error = { code, message }
  return true
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isText = (value: unknown, maxLength: number): value is string =>
  typeof value === 'string' && value.length <= maxLength

const isWhole = (value: unknown, least: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= least

const isName = (value: unknown): value is string => isText(value, 128) && value !== ''

const mostCounted = Number.MAX_VALUE
const isCount = (value: unknown, most: number): value is number =>
  typeof value === 'number' && value >= 0 && value <= most

/** What stands where in `2026-11-20T14:00:00`; 0 is a digit. */
const marks = [0, 0, 0, 0, 0x2d, 0, 0, 0x2d, 0, 0, 0x54, 0, 0, 0x3a, 0, 0, 0x3a, 0, 0]
const [dot, letterZ] = [0x2e, 0x5a]

/** RFC 3339 that ends in Z. */
function isTime(value: unknown): value is string {
  if (typeof value !== 'string') return false
  const last = value.length - 1
  if (last < marks.length || last > marks.length + 10) return false
  if (value.charCodeAt(last) !== letterZ) return false
  for (let at = 0; at < last; at += 1) {
    const mark = at === marks.length ? dot : (marks[at] ?? 0)
    const code = value.charCodeAt(at)
    if (mark === 0 ? code < 0x30 || code > 0x39 : code !== mark) return false
  }
  return last !== marks.length + 1
}
