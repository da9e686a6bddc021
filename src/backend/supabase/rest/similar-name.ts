/** The name most like this one, if any is like it at all: for "Perhaps you meant". */
export function similarName(name: string, known: Iterable<string>): string | null {
  const own = pairsOf(name)
  let best: { readonly name: string; readonly score: number } | null = null
  for (const candidate of known) {
    const others = pairsOf(candidate)
    const shared = [...own].filter((pair) => others.has(pair)).length
    const score = (2 * shared) / (own.size + others.size)
    if (score > (best?.score ?? leastLikeness)) best = { name: candidate, score }
  }
  return best?.name ?? null
}

const leastLikeness = 0.5

/** Neighbouring letters; a bounded part of the name, since requests choose it. */
function pairsOf(name: string): Set<string> {
  const text = `-${name.slice(0, 64).toLowerCase()}-`
  return new Set(Array.from({ length: text.length - 1 }, (_, at) => text.slice(at, at + 2)))
}
