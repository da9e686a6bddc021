import { refusals } from './rest-error.ts'

/** A body of JSON: the text for PostgreSQL, and the keys that have to be known before. */
export interface JsonBody {
  readonly text: string
  readonly array: boolean
  readonly keys: readonly string[]
}

const maxNesting = 100

/** An object, or objects that have the same keys. @throws RestError PGRST102 */
export function readRows(body: string, columns: readonly string[] | null): JsonBody {
  const value = parse(body)
  if (typeof value !== 'object' || value === null) throw refusals.body('Empty or invalid json')
  if (columns !== null) return { text: body, array: Array.isArray(value), keys: unique(columns) }
  if (!Array.isArray(value)) return { text: body, array: false, keys: Object.keys(value) }
  const [first, ...others] = (value as unknown[]).map(keysOf)
  if (others.some((keys) => !sameKeys(first ?? [], keys))) {
    throw refusals.body('All object keys must match')
  }
  return { text: body, array: true, keys: first ?? [] }
}

/** The arguments of a function: what is no object names none. @throws RestError PGRST102 */
export function readArguments(body: string): JsonBody {
  const text = body.trim() === '' ? '{}' : body
  const value = parse(text)
  const named = typeof value === 'object' && value !== null && !Array.isArray(value)
  return { text, array: Array.isArray(value), keys: named ? Object.keys(value) : [] }
}

function requireShallow(body: string): void {
  let depth = 0
  let quoted = false
  for (let at = 0; at < body.length; at += 1) {
    const char = body[at]
    if (quoted && char === '\\') at += 1
    else if (char === '"') quoted = !quoted
    else if (!quoted && (char === '{' || char === '[')) depth += 1
    else if (!quoted && (char === '}' || char === ']')) depth -= 1
    if (depth > maxNesting) {
      throw refusals.body(`The body nests more than ${maxNesting} objects and arrays`)
    }
  }
}

function parse(body: string): unknown {
  requireShallow(body)
  try {
    return JSON.parse(body)
  } catch {
    throw refusals.body('Empty or invalid json')
  }
}

function keysOf(element: unknown): string[] {
  if (typeof element !== 'object' || element === null || Array.isArray(element)) {
    throw refusals.body('All object keys must match')
  }
  return Object.keys(element)
}

function sameKeys(one: readonly string[], other: readonly string[]): boolean {
  const keys = new Set(one)
  return one.length === other.length && other.every((key) => keys.has(key))
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)]
}
