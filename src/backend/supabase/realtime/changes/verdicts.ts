import type { Caller } from '../../../database/database.ts'
import { isGuarded, keyOf, type Candidate } from './candidates.ts'
import type { Condition } from './filter.ts'
import type { Listener } from './listener.ts'
import type { RowChecks } from './row-checks.ts'
import type { TableFacts } from './table-facts.ts'

/** What came of a batch: who hears what, and of whom it could not be told. */
export interface Verdicts {
  readonly heard: readonly Candidate[]
  readonly untold: ReadonlySet<Listener>
}

/** One question a filter, and one a table for all callers together. */
export async function judgeAll(
  candidates: readonly Candidate[],
  checks: RowChecks,
): Promise<Verdicts> {
  const untold = new Set<Listener>()
  let heard = await throughFilters(candidates, { checks, untold })
  const judgedFor = new Map<Listener, string>()
  for (;;) {
    // Who got another token meanwhile is judged again, as who it is now.
    const stale = heard.filter(({ listener }) => judgedFor.get(listener) !== listener.audience)
    if (stale.length === 0) return { heard, untold }
    for (const { listener } of stale) judgedFor.set(listener, listener.audience)
    const hidden = await hiddenRows(stale, { checks, untold })
    heard = heard.filter((candidate) => !hidden.has(candidate))
  }
}

interface Court {
  readonly checks: RowChecks
  readonly untold: Set<Listener>
}

async function throughFilters(
  candidates: readonly Candidate[],
  { checks, untold }: Court,
): Promise<readonly Candidate[]> {
  const questions = new Map<Condition, Set<string | null>>()
  for (const { condition, value } of candidates.flatMap(({ open }) => open)) {
    const values = questions.get(condition) ?? new Set()
    questions.set(condition, values.add(value))
  }
  if (questions.size === 0) return candidates
  const answers = new Map<Condition, ReadonlySet<string | null> | null>()
  for (const [condition, values] of questions) {
    answers.set(condition, await checks.matching(condition, [...values]))
  }
  return candidates.filter(({ open, listener }) =>
    open.every(({ condition, value }) => {
      const matching = answers.get(condition) ?? null
      if (matching === null) untold.add(listener)
      return matching?.has(value) ?? false
    }),
  )
}

interface Question {
  readonly caller: Caller
  /** The candidates by their key, so that a row is asked for once. */
  readonly rows: Map<string, Candidate[]>
}

async function hiddenRows(
  candidates: readonly Candidate[],
  { checks, untold }: Court,
): Promise<ReadonlySet<Candidate>> {
  const hidden = new Set<Candidate>()
  for (const [facts, questions] of questionsOf(candidates)) {
    const asked = [...questions.values()]
    const asks = asked.map(({ caller, rows }) => ({
      caller,
      keys: [...rows.values()].map(([one]) => (one === undefined ? [] : keyOf(one))),
    }))
    const answers = await checks.visible(facts, asks)
    for (const [at, { rows }] of asked.entries()) {
      const seen = answers[at] ?? null
      for (const [place, sharers] of [...rows.values()].entries()) {
        if (seen?.has(place) === true) continue
        for (const candidate of sharers) {
          hidden.add(candidate)
          if (seen === null) untold.add(candidate.listener)
        }
      }
    }
  }
  return hidden
}

function questionsOf(
  candidates: readonly Candidate[],
): ReadonlyMap<TableFacts, ReadonlyMap<string, Question>> {
  const tables = new Map<TableFacts, Map<string, Question>>()
  for (const candidate of candidates) {
    const { facts, listener } = candidate
    if (listener.stopped || !isGuarded(candidate, listener.caller)) continue
    const audiences = tables.get(facts) ?? new Map<string, Question>()
    tables.set(facts, audiences)
    const question = audiences.get(listener.audience) ?? {
      caller: listener.caller,
      rows: new Map<string, Candidate[]>(),
    }
    audiences.set(listener.audience, question)
    const key = JSON.stringify(keyOf(candidate))
    const sharers = question.rows.get(key) ?? []
    sharers.push(candidate)
    question.rows.set(key, sharers)
  }
  return tables
}
