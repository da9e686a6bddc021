import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseQuery } from '../../../../../src/backend/supabase/rest/query-parser.ts'
import {
  comparisons,
  isValues,
  quantifiable,
  textSearches,
  type Condition,
  type Field,
  type Filter,
  type OrderTerm,
  type SelectItem,
  type Test,
} from '../../../../../src/backend/supabase/rest/request-query.ts'
import { RestError } from '../../../../../src/backend/supabase/rest/rest-error.ts'

function refusal(search: string): RestError {
  try {
    parseQuery(search, false)
  } catch (error) {
    if (error instanceof RestError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('a query string', () => {
  it('selects everything and filters nothing by default', () => {
    const everything = { kind: 'column', field: { name: '*', path: [] }, cast: null, alias: null }
    expect(parseQuery('', false)).toEqual({
      select: [everything],
      conditions: [],
      orders: [],
      limits: [],
      columns: null,
      onConflict: null,
      args: [],
    })
  })

  it('leads along dots to what is embedded', () => {
    const { conditions, orders, limits } = parseQuery(
      'a.b.c=eq.1&a.order=x&a.limit=3&a.offset=2&a.not.or=(x.eq.1)&limit=5',
      false,
    )
    expect(conditions.map(({ path }) => path)).toEqual([['a', 'b'], ['a']])
    expect(conditions[1]?.what).toMatchObject({ kind: 'logic', not: true, operator: 'or' })
    expect(orders[0]?.path).toEqual(['a'])
    expect(limits).toEqual([
      { path: ['a'], what: { limit: 3, offset: 2 } },
      { path: [], what: { limit: 5, offset: 0 } },
    ])
  })

  it('gives functions what is no filter', () => {
    const { args, conditions } = parseQuery('a=1&b=eq.1&a=x.y&c=in%20time&limit=1', true)
    expect(args).toEqual([
      ['a', '1'],
      ['a', 'x.y'],
      ['c', 'in time'],
    ])
    expect(conditions).toHaveLength(1)
  })

  it('never takes the API key for a filter', () => {
    expect(parseQuery('apikey=sb_publishable_x', false).conditions).toEqual([])
  })

  it.each([
    ['id=noop.1', '"failed to parse filter (noop.1)" (line 1, column 5)', 'noop'],
    ['id=eq', '"failed to parse filter (eq)" (line 1, column 3)', 'end of input'],
    ['id=in.1,2', '"failed to parse filter (in.1,2)" (line 1, column 4)', '"("'],
    ['id=is.nothing', '"failed to parse filter (is.nothing)" (line 1, column 11)', 'isVal'],
    ['select=a,', '"failed to parse select parameter (a,)" (line 1, column 3)', 'field name'],
    ['select=a(b', '"failed to parse select parameter (a(b)" (line 1, column 4)', '")"'],
    ['or=()', '"failed to parse logic tree (())" (line 1, column 2)', 'field name'],
    ['or=(a.eq.1', '"failed to parse logic tree ((a.eq.1)" (line 1, column 8)', '")"'],
    ['order=a.up', '"failed to parse order (a.up)" (line 1, column 3)', '"asc"'],
    ['a->=eq.1', '"failed to parse tree path (a->)" (line 1, column 4)', 'field name'],
  ])('says where it cannot be read: %s', (search, message, details) => {
    const { status, body } = refusal(search)
    expect({ status, code: body.code, message: body.message }).toEqual({
      status: 400,
      code: 'PGRST100',
      message,
    })
    expect(body.details).toContain(details)
  })

  it.each([
    ['items', `select=${'a,'.repeat(100)}a`],
    ['resources', `select=${'a('.repeat(6)}b${')'.repeat(6)}`],
    ['conditions within each other', `or=${'(and'.repeat(10)}(a.eq.1)${')'.repeat(10)}`],
    ['conditions', `or=(${'a.eq.1,'.repeat(100)}a.eq.1)`],
    ['parameters', 'a=eq.1&'.repeat(101)],
    ['NUL', 'a=eq.%00'],
  ])('is bounded: %s', (_what, search) => {
    expect(refusal(search).body.code).toBe('PGRST100')
  })

  it('refuses what is below zero as a limit, and reads no nonsense as one', () => {
    expect(refusal('limit=-1')).toMatchObject({ status: 416, body: { code: 'PGRST103' } })
    expect(parseQuery('limit=x&offset=-3', false).limits[0]?.what).toEqual({
      limit: null,
      offset: 0,
    })
  })
})

describe('any text at all', () => {
  const pieces = fc.constantFrom(
    ...['(', ')', ',', '.', '"', '\\', '->', '->>', '::', ':', '!', '...', '*', '{', '}', ' ', '-'],
    ...[
      'and',
      'or',
      'not',
      'eq',
      'in',
      'is',
      'null',
      'fts',
      'like(any)',
      'a',
      'b1',
      '7',
      'é',
      '☃',
      '__proto__',
    ],
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces).map((all) => all.join('')),
  )
  const key = fc.oneof(
    text,
    fc.constantFrom('select', 'or', 'a.and', 'order', 'limit', 'on_conflict', 'columns'),
  )

  it('is read, or refused in our own words', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(key, text), { maxLength: 4 }),
        fc.boolean(),
        (all, forFunction) => {
          try {
            parseQuery(new URLSearchParams(all).toString(), forFunction)
          } catch (error) {
            expect(error).toBeInstanceOf(RestError)
          }
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it('takes no longer than its length allows', () => {
    for (const piece of ['(', 'a(', '((a', '"\\', 'a-', '->', 'and(', 'not.', 'a.eq."']) {
      const started = performance.now()
      for (const key of ['select', 'or', 'order', 'a']) {
        try {
          parseQuery(`${key}=${encodeURIComponent(piece.repeat(20_000))}`, false)
        } catch (error) {
          expect(error).toBeInstanceOf(RestError)
        }
      }
      expect(performance.now() - started).toBeLessThan(5_000)
    }
  })
})

// What was read is written down as PostgREST documents it, and read again.

const quoted = (value: string) => `"${value.replace(/["\\]/g, String.raw`\$&`)}"`
const showStep = (key: string | number) => (typeof key === 'number' ? String(key) : quoted(key))
const showField = ({ name, path }: Field) =>
  quoted(name) + path.map(({ asText, key }) => (asText ? '->>' : '->') + showStep(key)).join('')

function showTest(test: Test, value: (text: string) => string): string {
  switch (test.kind) {
    case 'in':
      return `in.(${test.values.map(quoted).join(',')})`
    case 'is':
      return `is.${test.value}`
    case 'search':
      return `${test.operator}${test.language === null ? '' : `(${test.language})`}.${value(test.value)}`
    case 'compare':
      return `${test.operator}${test.quantifier === null ? '' : `(${test.quantifier})`}.${value(test.value)}`
  }
}

const showNot = (not: boolean) => (not ? 'not.' : '')
function showCondition(one: Condition): string {
  if (one.kind === 'filter') {
    return `${showField(one.field)}.${showNot(one.not)}${showTest(one.test, quoted)}`
  }
  return `${showNot(one.not)}${one.operator}(${one.terms.map(showCondition).join(',')})`
}

function showItem(item: SelectItem): string {
  const alias = item.alias === null ? '' : `${quoted(item.alias)}:`
  if (item.kind === 'column') {
    if (item.field.name === '*') return '*'
    return `${alias}${showField(item.field)}${item.cast === null ? '' : `::${item.cast}`}`
  }
  const params = [item.hint === null ? null : quoted(item.hint), item.join]
  const marks = params.map((one) => (one === null ? '' : `!${one}`)).join('')
  const items = item.items.map(showItem).join(',')
  return `${item.spread ? '...' : alias}${quoted(item.relation)}${marks}(${items})`
}

const name = fc.oneof(
  fc.constantFrom('a', 'b c', 'say "hi"', 'a.b', '__proto__', 'x,y', 'and', 'é☃', "o'clock", ')('),
  fc.string({ minLength: 1, maxLength: 8 }).filter((text) => !text.includes('\0') && text !== '*'),
)
const step = fc.record({ asText: fc.boolean(), key: fc.oneof(fc.nat(99), fc.constant(-1), name) })
const field: fc.Arbitrary<Field> = fc.record({ name, path: fc.array(step, { maxLength: 3 }) })
const value = fc.string({ maxLength: 12 }).filter((text) => !text.includes('\0'))
const test: fc.Arbitrary<Test> = fc.oneof(
  fc.record({
    kind: fc.constant('compare' as const),
    operator: fc.constantFrom(...comparisons),
    quantifier: fc.constant(null),
    value,
  }),
  fc.record({
    kind: fc.constant('compare' as const),
    operator: fc.constantFrom(...quantifiable),
    quantifier: fc.constantFrom('any' as const, 'all' as const),
    value,
  }),
  fc.record({
    kind: fc.constant('in' as const),
    values: fc.array(value).filter((all) => !(all.length === 1 && all[0] === '')),
  }),
  fc.record({ kind: fc.constant('is' as const), value: fc.constantFrom(...isValues) }),
  fc.record({
    kind: fc.constant('search' as const),
    operator: fc.constantFrom(...textSearches),
    language: fc.constantFrom(null, 'english'),
    value,
  }),
)
const filter: fc.Arbitrary<Filter> = fc.record({
  kind: fc.constant('filter' as const),
  field,
  not: fc.boolean(),
  test,
})
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    filter,
    fc.record({
      kind: fc.constant('logic' as const),
      operator: fc.constantFrom('and' as const, 'or' as const),
      not: fc.boolean(),
      terms: fc.array(tie('condition'), { minLength: 1, maxLength: 3 }),
    }),
  ),
}))
const column: fc.Arbitrary<SelectItem> = fc.oneof(
  fc.constant({ kind: 'column' as const, field: { name: '*', path: [] }, cast: null, alias: null }),
  fc.record({
    kind: fc.constant('column' as const),
    field,
    cast: fc.constantFrom(null, 'text', 'double precision'),
    alias: fc.option(name),
  }),
)
const { item } = fc.letrec<{ item: SelectItem }>((tie) => ({
  item: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    column,
    fc
      .record({
        kind: fc.constant('embed' as const),
        relation: name,
        alias: fc.option(name),
        hint: fc.option(name),
        join: fc.constantFrom(null, 'inner' as const, 'left' as const),
        spread: fc.boolean(),
        items: fc.array(tie('item'), { maxLength: 3 }),
      })
      .map((embed) => (embed.spread ? { ...embed, alias: null } : embed)),
  ),
}))
const orderTerm: fc.Arbitrary<OrderTerm> = fc.record({
  relation: fc.option(name),
  field,
  direction: fc.constantFrom(null, 'asc' as const, 'desc' as const),
  nulls: fc.constantFrom(null, 'first' as const, 'last' as const),
})

function showOrder({ relation, field: own, direction, nulls }: OrderTerm): string {
  const term = relation === null ? showField(own) : `${quoted(relation)}(${showField(own)})`
  return `${term}${direction === null ? '' : `.${direction}`}${nulls === null ? '' : `.nulls${nulls}`}`
}

describe('what was written as documented', () => {
  const search = (name: string, text: string) => new URLSearchParams([[name, text]]).toString()

  it('is read as it was meant: conditions', () => {
    fc.assert(
      fc.property(fc.array(condition, { minLength: 1, maxLength: 3 }), (terms) => {
        const query = parseQuery(search('or', `(${terms.map(showCondition).join(',')})`), false)
        expect(query.conditions[0]?.what).toEqual({
          kind: 'logic',
          operator: 'or',
          not: false,
          terms,
        })
      }),
    )
  })

  it('is read as it was meant: filters, where no quotes are needed', () => {
    fc.assert(
      fc.property(fc.array(name, { maxLength: 3 }), filter, (path, one) => {
        const key = [...path, ''].map(quoted).join('.').slice(0, -2) + showField(one.field)
        const text = showNot(one.not) + showTest(one.test, (plain) => plain)
        expect(parseQuery(search(key, text), false).conditions).toEqual([{ path, what: one }])
      }),
    )
  })

  it('is read as it was meant: select', () => {
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 4 }), (items) => {
        expect(parseQuery(search('select', items.map(showItem).join(',')), false).select).toEqual(
          items,
        )
      }),
    )
  })

  it('is read as it was meant: order', () => {
    fc.assert(
      fc.property(fc.array(orderTerm, { minLength: 1, maxLength: 4 }), (terms) => {
        const { orders } = parseQuery(search('order', terms.map(showOrder).join(',')), false)
        expect(orders).toEqual([{ path: [], what: terms }])
      }),
    )
  })
})
