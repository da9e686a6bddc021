/** How the values of a type become JSON, as `to_jsonb` does it. */
export type JsonKind =
  | { readonly kind: 'boolean' | 'number' | 'json' | 'timestamp' | 'timestamptz' | 'string' }
  | { readonly kind: 'array'; readonly of: JsonKind; readonly delimiter: string }
  /** Only PostgreSQL can: composite types, and types with a cast of their own. */
  | { readonly kind: 'foreign' }

/** A value of `to_jsonb`, as JSON text, from the text that PostgreSQL prints. */
export function toJson(text: string | null, kind: Exclude<JsonKind, { kind: 'foreign' }>): string {
  if (text === null) return 'null'
  switch (kind.kind) {
    case 'boolean':
      return text === 't' ? 'true' : 'false'
    case 'number':
      // NaN and Infinity are no JSON numbers.
      if (!/^-?\d/.test(text)) return JSON.stringify(text)
      return text === '-0' ? '0' : text
    case 'json':
      return text
    case 'timestamp':
      return JSON.stringify(text.replace(' ', 'T'))
    case 'timestamptz':
      return JSON.stringify(text.replace(' ', 'T').replace(/\+00(?= BC$|$)/, '+00:00'))
    case 'string':
      return JSON.stringify(text)
    case 'array':
      return arrayToJson(text, kind.delimiter, kind.of)
  }
}

/** `{1,NULL,"a \"b\""}`, nested for more dimensions, `[0:1]=` in front for other bounds. */
function arrayToJson(text: string, delimiter: string, of: JsonKind): string {
  if (of.kind === 'foreign') return 'null'
  let json = ''
  let at = text.indexOf('{')
  while (at < text.length) {
    const letter = text[at] ?? ''
    if (letter === '{' || letter === '}') {
      json += letter === '{' ? '[' : ']'
      at += 1
    } else if (letter === delimiter) {
      json += ','
      at += 1
    } else {
      const { value, end } = readElement(text, at, delimiter)
      json += toJson(value, of)
      at = end
    }
  }
  return json
}

interface Element {
  readonly value: string | null
  readonly end: number
}

function readElement(text: string, start: number, delimiter: string): Element {
  if (text[start] !== '"') {
    let end = start
    while (end < text.length && text[end] !== delimiter && text[end] !== '}') end += 1
    const value = text.slice(start, end)
    return { value: value === 'NULL' ? null : value, end }
  }
  let value = ''
  let at = start + 1
  while (at < text.length && text[at] !== '"') {
    if (text[at] === '\\') at += 1
    value += text[at] ?? ''
    at += 1
  }
  return { value, end: at + 1 }
}
