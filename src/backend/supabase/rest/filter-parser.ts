import { Scanner } from './query-scanner.ts'
import {
  comparisons,
  isValues,
  quantifiable,
  textSearches,
  type Condition,
  type Filter,
  type Logic,
  type Test,
} from './request-query.ts'

const maxDepth = 10
const maxTerms = 100
const operatorName = /[^.()]*/y
const languageName = /[\p{L}\p{N}_ $]+/uy
const untilSeparator = /[^,)]*/y
const array = /\{[^{}]*\}/y

/** `eq.1`, `not.in.(1,2)`: the value of a column's parameter. */
export function parseFilterValue(text: string): Pick<Filter, 'not' | 'test'> {
  const scanner = new Scanner(text, 'filter')
  const found = operation(scanner, () => scanner.rest())
  scanner.expectEnd()
  return found
}

/** `(a.eq.1,or(b.gt.2,c.is.null))`: the value of `and`, `or`, `not.and` and `not.or`. */
export function parseLogic(operator: 'and' | 'or', not: boolean, text: string): Logic {
  const scanner = new Scanner(text, 'logic tree')
  const counter = { terms: 0 }
  const terms = logicTerms(scanner, 0, counter)
  scanner.expectEnd()
  return { kind: 'logic', operator, not, terms }
}

/** Whether a parameter that no one knows is a filter, and not an argument of a function. */
export function looksLikeFilter(text: string): boolean {
  const [word = ''] = text.split('.', 1)
  const [bare = ''] = word.split('(', 1)
  const operator = word.includes('(') ? bare : word
  if (!text.includes('.')) return false
  return ['not', 'is', 'in', ...comparisons, ...textSearches].includes(operator)
}

function logicTerms(scanner: Scanner, depth: number, counter: { terms: number }): Condition[] {
  if (depth >= maxDepth) throw scanner.refuse(`more than ${maxDepth} conditions within each other`)
  scanner.skipSpaces()
  scanner.expect('(')
  const terms: Condition[] = []
  do {
    scanner.skipSpaces()
    counter.terms += 1
    if (counter.terms > maxTerms) throw scanner.refuse(`more than ${maxTerms} conditions`)
    terms.push(nestedLogic(scanner, depth, counter) ?? logicFilter(scanner))
    scanner.skipSpaces()
  } while (scanner.take(','))
  scanner.expect(')')
  scanner.skipSpaces()
  return terms
}

/** Null for `and.eq.1`: a column may be called so. */
function nestedLogic(scanner: Scanner, depth: number, counter: { terms: number }): Logic | null {
  const head = scanner.attempt(() => {
    const not = scanner.take('not.')
    const operator = scanner.take('and') ? 'and' : scanner.take('or') ? 'or' : null
    scanner.skipSpaces()
    return operator !== null && scanner.peek('(') ? { operator, not } : null
  })
  if (head === null) return null
  const { operator, not } = head as Pick<Logic, 'operator' | 'not'>
  return { kind: 'logic', operator, not, terms: logicTerms(scanner, depth + 1, counter) }
}

function logicFilter(scanner: Scanner): Filter {
  const field = scanner.field()
  scanner.skipSpaces()
  scanner.expect('.')
  return { kind: 'filter', field, ...operation(scanner, () => logicValue(scanner)) }
}

function operation(scanner: Scanner, value: () => string): Pick<Filter, 'not' | 'test'> {
  const not = scanner.take('not.')
  return { not, test: test(scanner, value) }
}

function test(scanner: Scanner, value: () => string): Test {
  const name = scanner.match(operatorName)
  if (name === 'in' && scanner.take('.')) return { kind: 'in', values: list(scanner) }
  if (name === 'is' && scanner.take('.')) return is(scanner)
  const comparison = comparisons.find((known) => known === name)
  if (comparison !== undefined) {
    const quantifier = (quantifiable as readonly string[]).includes(name) ? any(scanner) : null
    scanner.expect('.')
    return { kind: 'compare', operator: comparison, quantifier, value: value() }
  }
  const operator = textSearches.find((known) => known === name)
  if (operator === undefined) {
    throw name === '' ? scanner.fail('operator (eq, gt, ...)') : unknownOperator(scanner, name)
  }
  const language = scanner.take('(') ? scanner.match(languageName).trim() : null
  if (language !== null) scanner.expect(')')
  scanner.expect('.')
  return { kind: 'search', operator, language: language === '' ? null : language, value: value() }
}

function unknownOperator(scanner: Scanner, name: string): Error {
  return scanner.refuse(`unknown single value operator ${name}`)
}

function any(scanner: Scanner): 'any' | 'all' | null {
  if (scanner.take('(any)')) return 'any'
  return scanner.take('(all)') ? 'all' : null
}

function is(scanner: Scanner): Test {
  const word = scanner.match(/[a-z_]+/iy).toLowerCase()
  const value = isValues.find((known) => known === word)
  if (value === undefined) {
    throw scanner.fail('isVal: (null, not_null, true, false, unknown)')
  }
  return { kind: 'is', value }
}

/** `(1,"a,b")`; `()` is one empty text, which PostgREST takes for an empty list. */
function list(scanner: Scanner): string[] {
  scanner.skipSpaces()
  scanner.expect('(')
  const values: string[] = []
  do values.push(listElement(scanner))
  while (scanner.take(','))
  scanner.expect(')')
  scanner.skipSpaces()
  return values.length === 1 && values[0] === '' ? [] : values
}

function listElement(scanner: Scanner): string {
  return quotedAlone(scanner) ?? scanner.match(untilSeparator)
}

function logicValue(scanner: Scanner): string {
  return quotedAlone(scanner) ?? (scanner.match(array) || scanner.match(untilSeparator))
}

/** Quotes are quotes only when they hold the whole value. */
function quotedAlone(scanner: Scanner): string | null {
  return scanner.attempt(() => {
    const text = scanner.quoted()
    return text !== null && (scanner.atEnd || scanner.peek(',') || scanner.peek(')')) ? text : null
  })
}
