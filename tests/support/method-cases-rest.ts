import type { SupabaseClient } from '@supabase/supabase-js'
import { expect } from 'vitest'

/** The tables of `rest-library.ts`, with the secret key. */
export type RestCase = (db: SupabaseClient) => PromiseLike<unknown>

interface Answer {
  readonly data: unknown
  readonly error: unknown
}

const books = (db: SupabaseClient) => db.from('books').select('id').order('id')

/** A filter, and the ids that it leaves. */
const leaves =
  (ids: readonly number[], ask: (all: ReturnType<typeof books>) => PromiseLike<Answer>): RestCase =>
  async (db) => {
    const answer = await ask(books(db))
    if (answer.error === null) expect(answer.data).toEqual(ids.map((id) => ({ id })))
    return answer
  }

const gives =
  (data: unknown, ask: (db: SupabaseClient) => PromiseLike<Answer>): RestCase =>
  async (db) => {
    const answer = await ask(db)
    if (answer.error === null) expect(answer.data).toEqual(data)
    return answer
  }

const filters: Record<string, RestCase> = {
  'builder.eq': leaves([1], (all) => all.eq('id', 1)),
  'builder.neq': leaves([2, 3, 4], (all) => all.neq('id', 1)),
  'builder.gt': leaves([2], (all) => all.gt('pages', 264)),
  'builder.gte': leaves([2, 3], (all) => all.gte('pages', 264)),
  'builder.lt': leaves([1], (all) => all.lt('pages', 264)),
  'builder.lte': leaves([1, 3], (all) => all.lte('pages', 264)),
  'builder.like': leaves([1], (all) => all.like('title', 'Sol%')),
  'builder.likeAllOf': leaves([1], (all) => all.likeAllOf('title', ['S%', '%s'])),
  'builder.likeAnyOf': leaves([1, 3], (all) => all.likeAnyOf('title', ['S%', 'K%'])),
  'builder.ilike': leaves([1], (all) => all.ilike('title', 'sol%')),
  'builder.ilikeAllOf': leaves([1], (all) => all.ilikeAllOf('title', ['s%', '%S'])),
  'builder.ilikeAnyOf': leaves([1, 3], (all) => all.ilikeAnyOf('title', ['s%', 'k%'])),
  'builder.regexMatch': leaves([1], (all) => all.regexMatch('title', '^S.l')),
  'builder.regexIMatch': leaves([1], (all) => all.regexIMatch('title', '^s.l')),
  'builder.is': leaves([4], (all) => all.is('pages', null)),
  'builder.isDistinct': leaves([2, 3, 4], (all) => all.isDistinct('author_id', 1)),
  'builder.in': leaves([1, 3], (all) => all.in('title', ['Solaris', 'Kindred'])),
  'builder.notIn': leaves([2, 4], (all) => all.notIn('id', [1, 3])),
  'builder.contains': leaves([1, 3], (all) => all.contains('tags', ['mind'])),
  'builder.containedBy': leaves([2, 4], (all) => all.containedBy('tags', ['moon', 'sun'])),
  'builder.overlaps': leaves([1, 2], (all) => all.overlaps('tags', ['sea', 'moon'])),
  'builder.rangeGt': leaves([2], (all) => all.rangeGt('loaned', '[1,5)')),
  'builder.rangeGte': leaves([2], (all) => all.rangeGte('loaned', '[5,9)')),
  'builder.rangeLt': leaves([1], (all) => all.rangeLt('loaned', '[5,9)')),
  'builder.rangeLte': leaves([1], (all) => all.rangeLte('loaned', '[1,5)')),
  'builder.rangeAdjacent': leaves([2], (all) => all.rangeAdjacent('loaned', '[1,5)')),
  'builder.textSearch': leaves([2], (all) => all.textSearch('words', 'dispossess')),
  'builder.match': leaves([3], (all) => all.match({ pages: 264, author_id: 3 })),
  'builder.not': leaves([1, 2, 3], (all) => all.not('pages', 'is', null)),
  'builder.or': leaves([1, 2], (all) => all.or('id.eq.1,pages.gt.300')),
  'builder.filter': leaves([1, 2], (all) => all.filter('id', 'in', '(1,2)')),
}

const first = (db: SupabaseClient) => db.from('authors').select('name,born').eq('id', 3)
const butler = { name: 'Butler', born: null }

const shapes: Record<string, RestCase> = {
  'builder.select': gives([{ name: 'Ida' }], (db) =>
    db.from('readers').insert({ id: 41, name: 'Ida' }).select('name'),
  ),
  'builder.order': gives([{ id: 2 }, { id: 1 }], (db) =>
    db.from('readers').select('id').lt('id', 3).order('id', { ascending: false }),
  ),
  'builder.limit': leaves([1, 2], (all) => all.limit(2)),
  'builder.range': leaves([2, 3], (all) => all.range(1, 2)),
  'builder.single': gives(butler, (db) => first(db).single()),
  'builder.maybeSingle': gives(null, (db) =>
    db.from('authors').select().eq('id', 404).maybeSingle(),
  ),
  'builder.csv': gives('name,born\nButler,', (db) => first(db).csv()),
  'builder.stripNulls': gives([{ name: 'Butler' }], (db) => first(db).stripNulls()),
  'builder.geojson': (db) => first(db).geojson(),
  'builder.explain': (db) => first(db).explain(),
  'builder.rollback': gives([{ id: 42 }], (db) =>
    db.from('readers').insert({ id: 42, name: 'Jo' }).select('id').rollback(),
  ),
  'builder.maxAffected': gives(
    null,
    (db) =>
      db.from('readers').delete().eq('id', 404).maxAffected(1) as unknown as PromiseLike<Answer>,
  ),
}

/** Deprecated, and still a method. */
interface Returning {
  readonly returns: () => PromiseLike<Answer>
}

const calls: Record<string, RestCase> = {
  'builder.abortSignal': gives([butler], (db) =>
    first(db).abortSignal(AbortSignal.timeout(60_000)),
  ),
  'builder.overrideTypes': gives([butler], (db) => first(db).overrideTypes<[]>()),
  'builder.retry': gives([butler], (db) => first(db).retry(false)),
  'builder.returns': gives([butler], (db) => (first(db) as unknown as Returning).returns()),
  'builder.setHeader': gives([butler], (db) => first(db).setHeader('x-desk', '7')),
  'builder.then': (db) => first(db).then((answer) => answer),
  'builder.throwOnError': gives([butler], (db) => first(db).throwOnError()),
}

const tables: Record<string, RestCase> = {
  'client.from': gives([butler], (db) =>
    db.schema('public').from('authors').select('name,born').eq('id', 3),
  ),
  'client.schema': gives(3, (db) => db.schema('public').rpc('add', { a: 1, b: 2 })),
  'client.rpc': gives(11, (db) => db.rpc('add', { a: 1 })),
  'client.getOpenApiSpec': (db) => db.schema('public').getOpenApiSpec(),
  'table.select': gives([butler], (db) => first(db)),
  'table.insert': gives(null, (db) => db.from('readers').insert({ id: 43, name: 'Kai' })),
  'table.upsert': gives(null, (db) => db.from('readers').upsert({ id: 1, name: 'Ada' })),
  'table.update': gives(null, (db) => db.from('readers').update({ name: 'Bo' }).eq('id', 2)),
  'table.delete': gives(null, (db) => db.from('readers').delete().eq('id', 404)),
}

export const restCases = { ...tables, ...filters, ...shapes, ...calls }
