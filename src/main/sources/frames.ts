import { z } from 'zod'
import { wireSchema } from './wire-job.ts'
import type { Wire } from './wire-job.ts'

/** Deepest nesting that is read, in brackets; ours is three deep (F58). */
const maxDepth = 16

/** What a progress socket says (gateway-protocol §3). A backend without types only sends changes. */
export type Frame =
  | { readonly kind: 'snapshot' | 'finished'; readonly job: Wire }
  | { readonly kind: 'progress'; readonly job: Wire }

const whole = z.object({ job: wireSchema })
const typed = z.object({ type: z.string().optional() })

/** Text to frame. Null: it is not ours, and is dropped and counted. Never throws. */
export function parseFrame(text: string): Frame | null {
  const raw = parseJson(text)
  const type = typed.safeParse(raw)
  if (!type.success) return null
  switch (type.data.type) {
    case 'snapshot':
    case 'finished': {
      const parsed = whole.safeParse(raw)
      return parsed.success ? { kind: type.data.type, job: parsed.data.job } : null
    }
    case 'progress':
    case undefined: {
      const parsed = wireSchema.safeParse(raw)
      return parsed.success ? { kind: 'progress', job: parsed.data } : null
    }
    default:
      return null
  }
}

/**
 * `JSON.parse` that answers undefined instead of throwing, and reads nothing nested deeper than
 * the cap. A `__proto__` key becomes a plain own property here, and no schema of ours reads it.
 */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const quote = 0x22
const backslash = 0x5c
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

function isTooDeep(text: string): boolean {
  let depth = 0
  let inString = false
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (inString) {
      if (code === backslash) at += 1
      else if (code === quote) inString = false
    } else if (code === quote) inString = true
    else if (code === openBrace || code === openBracket) {
      depth += 1
      if (depth > maxDepth) return true
    } else if (code === closeBrace || code === closeBracket) depth -= 1
  }
  return false
}
