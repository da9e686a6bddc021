import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { catalogue } from '../tests/faults/catalogue.ts'

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      assertionResults: z.array(
        z.object({
          status: z.string(),
          title: z.string(),
          meta: z.object({ fault: z.int().optional(), seen: z.string().optional() }),
        }),
      ),
    }),
  ),
})

export interface FaultTable {
  /** One line a fault. */
  readonly lines: readonly string[]
  /** Faults of which nothing was seen, because no test of theirs ran or one failed. */
  readonly missing: readonly number[]
}

/** The catalogue beside what the tests of a run saw. */
export function readFaultTable(file: string): FaultTable {
  const seen = new Map<number, Set<string>>()
  const failed = new Set<number>()
  for (const { title, status, meta } of readTests(file)) {
    const number = Number(/^F(\d+) /.exec(title)?.[1])
    if (status !== 'passed') failed.add(number)
    if (meta.fault === undefined || meta.seen === undefined) continue
    seen.set(meta.fault, (seen.get(meta.fault) ?? new Set()).add(meta.seen))
  }
  const rows = catalogue.map(({ number, fault, expected }) => {
    const result = failed.has(number) ? 'FAILED' : factsOf(seen.get(number))
    return `F${number} · ${fault} · ${expected} · ${result}`
  })
  const missing = catalogue
    .map(({ number }) => number)
    .filter((number) => failed.has(number) || !seen.has(number))
  return { lines: ['F# · fault · expected · seen', ...rows], missing }
}

/** Of a fault that comes in many kinds only the first few. */
const mostFacts = 3

function factsOf(seen: ReadonlySet<string> = new Set()): string {
  if (seen.size === 0) return 'NOT TRIED'
  const facts = [...seen].slice(0, mostFacts).join('; ')
  return seen.size > mostFacts ? `${facts}; and ${seen.size - mostFacts} more` : facts
}

function readTests(file: string) {
  if (!existsSync(file)) return []
  const { testResults } = reportSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  return testResults.flatMap(({ assertionResults }) => assertionResults)
}
