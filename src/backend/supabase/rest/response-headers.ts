import { validateHeaderName, validateHeaderValue } from 'node:http'

/** Headers that SQL made up. @throws for a name or a value that HTTP does not know */
export function validHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const)
  for (const [name, value] of named) {
    validateHeaderName(name)
    validateHeaderValue(name, value)
    // The answer's own length and framing are not for SQL to say.
    if (framing.includes(name)) throw new TypeError(`the header ${name} is not for SQL to set`)
  }
  return Object.fromEntries(named)
}

const framing = ['content-length', 'transfer-encoding', 'connection']
