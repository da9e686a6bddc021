const operators = [
  'eq',
  'neq',
  'lt',
  'lte',
  'gt',
  'gte',
  'in',
  'like',
  'ilike',
  'is',
  'match',
  'imatch',
  'isdistinct',
] as const
export type FilterOperator = (typeof operators)[number]

export interface Filter {
  readonly column: string
  readonly operator: FilterOperator
  /** Of `in` an array as PostgreSQL writes it: `{1,2}`. */
  readonly value: string
  readonly negate: boolean
}

export type ParsedFilters =
  | { readonly ok: true; readonly filters: readonly Filter[] }
  | { readonly ok: false; readonly why: string }

const mostLength = 16_384
const mostFilters = 50

/**
 * `col=op.value`, several by comma, as supabase/realtime splits them: no comma inside parentheses
 * or quotes separates, and quotes count only where a value begins.
 */
export function parseFilters(text: string): ParsedFilters {
  if (text.trim() === '') return { ok: true, filters: [] }
  if (text.length > mostLength) return { ok: false, why: 'filter is too long' }
  const segments = splitTopLevel(text.trim())
  if (segments.length > mostFilters) return { ok: false, why: 'too many filters' }
  const filters: Filter[] = []
  for (const segment of segments) {
    const filter = parseSegment(segment.trim())
    if (typeof filter === 'string') return { ok: false, why: filter }
    filters.push(filter)
  }
  return { ok: true, filters }
}

function splitTopLevel(text: string): string[] {
  const segments: string[] = []
  let depth = 0
  let quoted = false
  let start = 0
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] ?? ''
    if (quoted) {
      if (letter === '\\') at += 1
      else if (letter === '"') quoted = false
    } else if (letter === '"' && at > start && '.(,'.includes(text[at - 1] ?? ' ')) quoted = true
    else if (letter === '(') depth += 1
    else if (letter === ')') depth = Math.max(0, depth - 1)
    else if (letter === ',' && depth === 0) {
      segments.push(text.slice(start, at))
      start = at + 1
    }
  }
  return [...segments, text.slice(start)]
}

/** The filter, or what is wrong with it. */
function parseSegment(segment: string): Filter | string {
  if (segment === '') return 'filter must not contain empty segments (check for extra commas)'
  const [column, rest] = splitOnce(segment, '=')
  if (rest === null) return inspect([segment])
  const negate = rest.startsWith('not.')
  const condition = negate ? rest.slice('not.'.length) : rest
  const [name, value] = splitOnce(condition, '.')
  if (value === null) return inspect([condition])
  const operator = operators.find((one) => one === name)
  if (operator === undefined) return inspect([name, value])
  if (operator !== 'in') return { column, operator, value: unquote(value), negate }
  if (value.length < 2 || !value.startsWith('(') || !value.endsWith(')')) {
    return '`in` filter value must be wrapped by parentheses'
  }
  return { column, operator, value: `{${value.slice(1, -1)}}`, negate }
}

function splitOnce(text: string, separator: string): [string, string | null] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)]
}

/** Only a whole quoted value loses its quotes. */
function unquote(value: string): string {
  const inside = /^"((?:[^"\\]|\\.)*)"$/su.exec(value)?.[1]
  return inside === undefined ? value : inside.replace(/\\(.)/gsu, '$1')
}

/** A list of strings as Elixir shows it: its server's messages are ours. */
export function inspect(texts: readonly string[]): string {
  return `[${texts.map((text) => JSON.stringify(text)).join(', ')}]`
}
