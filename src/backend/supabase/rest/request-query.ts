/** What a query string asks for, as PostgREST reads it; nothing here was held against a schema. */
export interface RequestQuery {
  readonly select: readonly SelectItem[]
  readonly conditions: readonly Placed<Condition>[]
  readonly orders: readonly Placed<readonly OrderTerm[]>[]
  readonly limits: readonly Placed<Limit>[]
  /** `columns=`: which keys of the body are written. */
  readonly columns: readonly string[] | null
  readonly onConflict: readonly string[] | null
  /** Arguments of a function that is called by GET. */
  readonly args: readonly (readonly [string, string])[]
}

/** `path` leads to an embedded resource; empty for the one that was asked for. */
export interface Placed<T> {
  readonly path: readonly string[]
  readonly what: T
}

export interface Limit {
  readonly limit: number | null
  readonly offset: number
}

/** A column, or a place inside a JSON column. */
export interface Field {
  readonly name: string
  readonly path: readonly JsonStep[]
}

/** `->` gives JSON, `->>` text; a number is an index. */
export interface JsonStep {
  readonly asText: boolean
  readonly key: string | number
}

export type SelectItem =
  | {
      readonly kind: 'column'
      /** The name `*` is every column. */
      readonly field: Field
      readonly cast: string | null
      readonly alias: string | null
    }
  | Embed

export interface Embed {
  readonly kind: 'embed'
  readonly relation: string
  readonly alias: string | null
  readonly hint: string | null
  readonly join: 'inner' | 'left' | null
  /** Its columns stand among the parent's. */
  readonly spread: boolean
  readonly items: readonly SelectItem[]
}

export type Condition = Filter | Logic

export interface Logic {
  readonly kind: 'logic'
  readonly operator: 'and' | 'or'
  readonly not: boolean
  readonly terms: readonly Condition[]
}

export interface Filter {
  readonly kind: 'filter'
  readonly field: Field
  readonly not: boolean
  readonly test: Test
}

export const quantifiable = [
  'eq',
  'gt',
  'gte',
  'lt',
  'lte',
  'like',
  'ilike',
  'match',
  'imatch',
] as const
export const comparisons = [
  ...quantifiable,
  'neq',
  'isdistinct',
  'cs',
  'cd',
  'ov',
  'sl',
  'sr',
  'nxr',
  'nxl',
  'adj',
] as const
export const textSearches = ['fts', 'plfts', 'phfts', 'wfts'] as const
export const isValues = ['null', 'not_null', 'true', 'false', 'unknown'] as const

export type Comparison = (typeof comparisons)[number]
export type TextSearch = (typeof textSearches)[number]

export type Test =
  | {
      readonly kind: 'compare'
      readonly operator: Comparison
      readonly quantifier: 'any' | 'all' | null
      readonly value: string
    }
  | { readonly kind: 'in'; readonly values: readonly string[] }
  | { readonly kind: 'is'; readonly value: (typeof isValues)[number] }
  | {
      readonly kind: 'search'
      readonly operator: TextSearch
      readonly language: string | null
      readonly value: string
    }

export interface OrderTerm {
  /** An embedded to-one resource whose column orders, or null. */
  readonly relation: string | null
  readonly field: Field
  readonly direction: 'asc' | 'desc' | null
  readonly nulls: 'first' | 'last' | null
}
