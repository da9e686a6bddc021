import { readWire } from './wire-job.ts'
import type { Wire } from './wire-job.ts'

/** Deepest nesting that is read, in brackets; ours is three deep (F58). */
const maxDepth = 16

/** What a progress socket says (gateway-protocol §3). A backend without types only sends changes. */
export type Frame =
  | { readonly kind: 'snapshot' | 'finished'; readonly job: Wire }
  | { readonly kind: 'progress'; readonly job: Wire }

/** Text to frame. Null: it is not ours, and is dropped and counted. Never throws. */
export function parseFrame(text: string): Frame | null {
  const raw = parseJson(text)
  const type = typed(raw)
  switch (type) {
    case 'snapshot':
    case 'finished': {
      const job = readWire((raw as { job?: unknown }).job)
      return job && { kind: type, job }
    }
    case 'progress':
    case undefined: {
      const job = readWire(raw)
      return job && { kind: 'progress', job }
    }
    default:
      return null
  }
}

/** The kind of message; null for what is no message at all. */
function typed(raw: unknown): unknown {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return null
  return (raw as { type?: unknown }).type
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
  return hasManyOpeners(text) && deepest(text) > maxDepth
}

/** Most messages cannot be deep, having few brackets in all: found natively, not letter by letter. */
function hasManyOpeners(text: string): boolean {
  let openers = 0
  for (const opener of ['{', '[']) {
    for (let at = text.indexOf(opener); at !== -1; at = text.indexOf(opener, at + 1)) {
      openers += 1
      if (openers > maxDepth) return true
    }
  }
  return false
}

function deepest(text: string): number {
  let depth = 0
  let most = 0
  let inString = false
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (inString) {
      if (code === backslash) at += 1
      else if (code === quote) inString = false
    } else if (code === quote) inString = true
    else if (code === openBrace || code === openBracket) {
      depth += 1
      most = Math.max(most, depth)
    } else if (code === closeBrace || code === closeBracket) depth -= 1
  }
  return most
}
