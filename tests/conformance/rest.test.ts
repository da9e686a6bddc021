import type { SupabaseClient } from '@supabase/supabase-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestBackend, type TestBackend } from '../support/backend.ts'
import { Clients, makeLibrary } from '../support/rest-library.ts'

let backend: TestBackend
let clients: Clients
let db: SupabaseClient

beforeAll(async () => {
  backend = await startTestBackend({ idle: true })
  await makeLibrary(backend)
  clients = new Clients(backend)
  db = clients.withKey(backend.secretKey)
})
afterAll(async () => {
  await clients.dispose()
  await backend.stop()
})

interface Answered {
  readonly data: unknown
  readonly error: unknown
}

async function rows(asked: PromiseLike<Answered>): Promise<unknown> {
  const { data, error } = await asked
  expect(error).toBeNull()
  return data
}

/** The ids that a filter leaves, in order. */
async function ids(asked: PromiseLike<Answered>): Promise<unknown> {
  return ((await rows(asked)) as { id: number }[]).map(({ id }) => id)
}

const books = () => db.from('books').select('id').order('id')

describe('filters of supabase-js', () => {
  const filters: [string, number[], () => PromiseLike<Answered>][] = [
    ['eq', [1], () => books().eq('title', 'Solaris')],
    ['neq', [2, 3, 4], () => books().neq('id', 1)],
    ['gt', [2], () => books().gt('pages', 264)],
    ['gte', [2, 3], () => books().gte('pages', 264)],
    ['lt', [1], () => books().lt('pages', 264)],
    ['lte', [1, 3], () => books().lte('pages', 264)],
    ['like', [1], () => books().like('title', 'Sol%')],
    ['like with an asterisk', [1], () => books().like('title', 'Sol*')],
    ['likeAllOf', [1], () => books().likeAllOf('title', ['S%', '%s'])],
    ['likeAnyOf', [1, 3], () => books().likeAnyOf('title', ['S%', 'K%'])],
    ['ilike', [1], () => books().ilike('title', 'sol%')],
    ['ilikeAllOf', [1], () => books().ilikeAllOf('title', ['s%', '%S'])],
    ['ilikeAnyOf', [1, 3], () => books().ilikeAnyOf('title', ['s%', 'k%'])],
    ['regexMatch', [1], () => books().regexMatch('title', '^S.l')],
    ['regexIMatch', [1], () => books().regexIMatch('title', '^s.l')],
    ['is null', [4], () => books().is('pages', null)],
    ['not is null', [1, 2, 3], () => books().not('pages', 'is', null)],
    ['isDistinct', [2, 3, 4], () => books().isDistinct('author_id', 1)],
    ['in', [1, 3], () => books().in('title', ['Solaris', 'Kindred', 'a,b(c)d'])],
    ['in nothing', [], () => books().in('id', [])],
    ['notIn', [2, 4], () => books().notIn('id', [1, 3])],
    ['contains an array', [1, 3], () => books().contains('tags', ['mind'])],
    ['contains JSON', [2, 3], () => books().contains('details', { lang: 'en' })],
    ['containedBy', [2, 4], () => books().containedBy('tags', ['moon', 'sun'])],
    ['overlaps', [1, 2], () => books().overlaps('tags', ['sea', 'moon'])],
    ['rangeGt', [2], () => books().rangeGt('loaned', '[1,5)')],
    ['rangeGte', [2], () => books().rangeGte('loaned', '[5,9)')],
    ['rangeLt', [1], () => books().rangeLt('loaned', '[5,9)')],
    ['rangeLte', [1], () => books().rangeLte('loaned', '[1,5)')],
    ['rangeAdjacent', [2], () => books().rangeAdjacent('loaned', '[1,5)')],
    ['textSearch', [2], () => books().textSearch('words', 'dispossess')],
    [
      'textSearch of a text',
      [1],
      () => books().textSearch('title', 'solaris', { config: 'english' }),
    ],
    [
      'textSearch plain',
      [2],
      () => books().textSearch('words', 'the dispossessed', { type: 'plain' }),
    ],
    [
      'textSearch phrase',
      [4],
      () => books().textSearch('words', 'anonymous tales', { type: 'phrase' }),
    ],
    [
      'textSearch websearch',
      [1, 3],
      () =>
        books().textSearch('words', 'solaris or kindred', { type: 'websearch', config: 'english' }),
    ],
    ['match', [3], () => books().match({ pages: 264, author_id: 3 })],
    ['or', [1, 2], () => books().or('id.eq.1,and(pages.gt.300,tags.cs.{moon})')],
    [
      'or with a list and quotes',
      [1, 3, 4],
      () => books().or('id.in.(1,3),title.eq."Anonymous Tales"'),
    ],
    ['a JSON path', [2], () => books().eq('details->award->>name', 'Nebula')],
    ['a JSON index', [1], () => books().eq('details->prints->0', 1961)],
    ['a quantified filter', [1, 2], () => books().filter('id', 'eq(any)', '{1,2}')],
  ]

  it.each(filters)('%s', async (_name, expected, ask) => {
    expect(await ids(ask())).toEqual(expected)
  })
})

describe('what supabase-js selects', () => {
  it('renames, casts and looks into JSON', async () => {
    const found = await rows(
      db
        .from('books')
        .select('name:title,pages::text,details->>lang,first:details->prints->0')
        .eq('id', 1),
    )
    expect(found).toEqual([{ name: 'Solaris', pages: '204', lang: 'pl', first: 1961 }])
  })

  it('takes everything by default, in the order of the columns', async () => {
    const [author] = (await rows(db.from('authors').select().limit(1))) as object[]
    expect(Object.keys(author!)).toEqual(['id', 'name', 'born', 'mentor_id'])
  })

  it('reads views, and names that have to be quoted', async () => {
    expect(await rows(db.from('long_books').select())).toEqual([
      { id: 2, title: 'The Dispossessed', pages: 387 },
    ])
    const odd = await rows(db.from('odd names').select('"a.b","__proto__"').eq('"a.b"', 1))
    expect(JSON.stringify(odd)).toBe('[{"a.b":1,"__proto__":"y"}]')
  })

  it('orders, limits and takes a range', async () => {
    const asked = db.from('books').select('id')
    expect(await ids(asked.order('pages', { ascending: false, nullsFirst: false }))).toEqual([
      2, 3, 1, 4,
    ])
    expect(
      await ids(db.from('books').select('id').order('pages', { nullsFirst: true }).limit(2)),
    ).toEqual([4, 1])
    expect(await ids(books().range(1, 2))).toEqual([2, 3])
    expect(
      await ids(db.from('books').select('id').order('details->>lang').order('id').limit(2)),
    ).toEqual([2, 3])
  })

  it.each(['exact', 'planned', 'estimated'] as const)('counts: %s', async (count) => {
    const { data, count: total, status } = await db.from('authors').select('id', { count }).limit(2)
    expect(data).toHaveLength(2)
    if (count === 'planned') expect(total).toBeGreaterThan(0)
    else expect({ total, status }).toEqual({ total: 3, status: 206 })
  })

  it('counts without rows', async () => {
    const { count, data, status } = await db
      .from('books')
      .select('*', { count: 'exact', head: true })
    expect({ count, data, status }).toEqual({ count: 4, data: null, status: 200 })
  })

  it('knows single and maybeSingle', async () => {
    expect(await rows(db.from('authors').select('name').eq('id', 1).single())).toEqual({
      name: 'Lem',
    })
    expect(await rows(db.from('authors').select('name').eq('id', 9).maybeSingle())).toBeNull()
    const { error, status } = await db.from('authors').select('name').single()
    expect(status).toBe(406)
    expect(error).toMatchObject({
      code: 'PGRST116',
      message: 'Cannot coerce the result to a single JSON object',
      details: 'The result contains 3 rows',
    })
  })

  it('answers CSV, and leaves nulls out', async () => {
    expect(await rows(db.from('authors').select('id,name').order('id').csv())).toBe(
      'id,name\n1,Lem\n2,"Le Guin"\n3,Butler',
    )
    const bare = await rows(db.from('authors').select('name,born').eq('id', 3).stripNulls())
    expect(bare).toEqual([{ name: 'Butler' }])
    const one = db.from('authors').select('name,born').eq('id', 3).single().stripNulls()
    expect(await rows(one)).toEqual({ name: 'Butler' })
  })

  it.each([
    ['explain', () => db.from('authors').select().explain(), 'application/vnd.pgrst.plan+text'],
    ['geojson', () => db.from('authors').select().geojson(), 'application/geo+json'],
  ])('is refused what is switched off: %s', async (_name, ask, type) => {
    const { error, status } = await ask()
    expect(status).toBe(406)
    expect(error?.code).toBe('PGRST107')
    expect(error?.message).toContain(`None of these media types are available: ${type}`)
  })

  it('is refused aggregates, as on a new project', async () => {
    for (const select of ['pages.sum()', 'count()', 'title,pages.avg()::int']) {
      const { error } = await db.from('books').select(select)
      expect(error).toMatchObject({
        code: 'PGRST123',
        message: 'Use of aggregate functions is not allowed',
      })
    }
  })
})

describe('what supabase-js embeds', () => {
  const first = (select: string) => db.from('books').select(select).eq('id', 1).single()

  it('one and many, one-to-one, through a table that joins', async () => {
    expect(
      await rows(first('title,authors(name),covers(colour),readers(name),loans(since)')),
    ).toEqual({
      title: 'Solaris',
      authors: { name: 'Lem' },
      covers: { colour: 'blue' },
      readers: [{ name: 'Ada' }, { name: 'Bo' }],
      loans: [{ since: '2026-01-01' }, { since: '2026-02-01' }],
    })
    expect(await rows(db.from('covers').select('colour,books(title)').eq('book_id', 2))).toEqual([
      { colour: 'grey', books: { title: 'The Dispossessed' } },
    ])
  })

  it('null and an empty list where there is nothing', async () => {
    const asked = db.from('books').select('authors(name),loans(since)').eq('id', 4).single()
    expect(await rows(asked)).toEqual({ authors: null, loans: [] })
  })

  it('along a key of two columns, and the row of a function', async () => {
    const shows = db.from('shows').select('id,halls(seats)').order('id')
    expect(await rows(shows)).toEqual([
      { id: 1, halls: { seats: 20 } },
      { id: 2, halls: null },
    ])
    const halls = db.from('halls').select('city,shows!inner(id)')
    expect(await rows(halls)).toEqual([{ city: 'Rome', shows: [{ id: 1 }] }])
    const called = db.rpc('first_book').select('title,readers(name)')
    expect(await rows(called)).toEqual({
      title: 'Solaris',
      readers: [{ name: 'Ada' }, { name: 'Bo' }],
    })
  })

  it('through joining tables within each other, and counts them', async () => {
    const asked = await db
      .from('readers')
      .select('name,books!inner(title,readers!inner(name))', { count: 'exact' })
      .eq('books.readers.name', 'Bo')
      .order('id')
    expect(asked).toMatchObject({
      count: 2,
      data: [
        { name: 'Ada', books: [{ title: 'Solaris', readers: [{ name: 'Bo' }] }] },
        { name: 'Bo', books: [{ title: 'Solaris', readers: [{ name: 'Bo' }] }] },
      ],
    })
  })

  it('nothing at all, when nothing is selected', async () => {
    expect(await rows(db.from('authors').select('').limit(2))).toEqual([{}, {}])
    const spread = db.from('covers').select('colour,...books!inner(...authors(writer:name))')
    expect(await rows(spread.eq('book_id', 1))).toEqual([{ colour: 'blue', writer: 'Lem' }])
  })

  it('under another name, by column, within each other', async () => {
    expect(
      await rows(first('writer:author_id(name,books(title)),by:authors!books_author_id_fkey(id)')),
    ).toEqual({
      writer: { name: 'Lem', books: [{ title: 'Solaris' }] },
      by: { id: 1 },
    })
  })

  it('a table within itself, up by its column and down by a hint', async () => {
    const asked = db
      .from('authors')
      .select('name,mentor:mentor_id(name),pupils:authors!mentor_id(name)')
      .eq('id', 2)
      .single()
    expect(await rows(asked)).toEqual({
      name: 'Le Guin',
      mentor: { name: 'Lem' },
      pupils: [{ name: 'Butler' }],
    })
  })

  it('with filters, order and limit of its own', async () => {
    const asked = db
      .from('authors')
      .select('id,books(title)')
      .eq('books.title', 'Solaris')
      .order('id')
      .limit(1, { referencedTable: 'books' })
      .order('title', { referencedTable: 'books', ascending: false })
      .or('pages.gt.1,pages.is.null', { referencedTable: 'books' })
    expect(await rows(asked)).toEqual([
      { id: 1, books: [{ title: 'Solaris' }] },
      { id: 2, books: [] },
      { id: 3, books: [] },
    ])
  })

  it('and leaves out whoever has none: !inner, and a filter for null', async () => {
    const inner = await db
      .from('authors')
      .select('name,books!inner(title)', { count: 'exact' })
      .eq('books.title', 'Kindred')
    expect(inner).toMatchObject({
      count: 1,
      data: [{ name: 'Butler', books: [{ title: 'Kindred' }] }],
    })
    expect(
      await ids(db.from('books').select('id,covers()').is('covers', null).order('id')),
    ).toEqual([3, 4])
    expect(
      await ids(db.from('books').select('id,loans()').not('loans', 'is', null).order('id')),
    ).toEqual([1, 3])
    const either = db
      .from('books')
      .select('id,covers(),loans()')
      .or('covers.not.is.null,loans.not.is.null')
    expect(await ids(either.order('id'))).toEqual([1, 2, 3])
  })

  it('spread among the columns, and orders by what is embedded', async () => {
    const spread = db.from('books').select('title,...authors(writer:name,born)').eq('id', 1)
    expect(await rows(spread)).toEqual([{ title: 'Solaris', writer: 'Lem', born: '1921-09-12' }])
    const whole = await rows(db.from('covers').select('...books(*)').eq('book_id', 1).single())
    expect(whole).toMatchObject({ id: 1, title: 'Solaris', pages: 204 })
    const ordered = db
      .from('books')
      .select('id,authors(name)')
      .order('authors(name)', { nullsFirst: true })
    expect(await ids(ordered)).toEqual([4, 3, 2, 1])
  })

  it('is told what is ambiguous, and what is not there', async () => {
    const two = await db.from('parcels').select('readers(name)')
    expect(two).toMatchObject({ status: 300, error: { code: 'PGRST201' } })
    expect(two.error?.hint).toContain("'readers!parcels_receiver_id_fkey'")
    const chosen = db.from('parcels').select('from:readers!sender_id(name),to:receiver_id(name)')
    expect(await rows(chosen)).toEqual([{ from: { name: 'Ada' }, to: { name: 'Bo' } }])
    const none = await db.from('books').select('parcels(id)')
    expect(none).toMatchObject({
      status: 400,
      error: {
        code: 'PGRST200',
        message: "Could not find a relationship between 'books' and 'parcels' in the schema cache",
      },
    })
    const unembedded = await db.from('books').select('id').eq('authors.name', 'Lem')
    expect(unembedded).toMatchObject({ status: 400, error: { code: 'PGRST108' } })
    const many = await db.from('authors').select('name,...books(title)')
    expect(many).toMatchObject({ status: 400, error: { code: 'PGRST119' } })
    const order = await db.from('authors').select('name,books(title)').order('books(title)')
    expect(order).toMatchObject({ status: 400, error: { code: 'PGRST118' } })
    const filter = await db.from('books').select('id,authors(name)').eq('authors', 1)
    expect(filter).toMatchObject({ status: 400, error: { code: 'PGRST120' } })
  })
})

describe('what supabase-js is told', () => {
  it.each([
    ['a table that is not there', () => db.from('boks').select(), 404, 'PGRST205'],
    ['a column that is not there', () => db.from('books').select('nope'), 400, '42703'],
    ['a column to filter by', () => db.from('books').select().eq('nope', 1), 400, '42703'],
    ['a column to write', () => db.from('books').insert({ nope: 1 }), 400, 'PGRST204'],
    ['another schema', () => db.schema('auth').from('users').select(), 406, 'PGRST106'],
    ['a value of another type', () => db.from('books').select().eq('id', 'x'), 400, '22P02'],
    ['a type that is not there', () => db.from('books').select('id::nope'), 400, '42704'],
    [
      'a filter without an operator',
      () => db.from('books').select().filter('id', 'nope', 1),
      400,
      'PGRST100',
    ],
    [
      'a select that does not end',
      () => db.from('books').select('id,authors(name'),
      400,
      'PGRST100',
    ],
    ['a key that is taken', () => db.from('readers').insert({ id: 1, name: 'Cy' }), 409, '23505'],
    [
      'a key that is not there',
      () => db.from('books').insert({ title: 'x', author_id: 99 }),
      409,
      '23503',
    ],
    ['a check', () => db.from('books').insert({ title: 'x', pages: -1 }), 400, '23514'],
    ['a function that is not there', () => db.rpc('nope'), 404, 'PGRST202'],
    [
      'an offset beyond the end',
      () => db.from('books').select('*', { count: 'exact' }).range(99, 100),
      416,
      'PGRST103',
    ],
  ])('%s', async (_name, ask, status, code) => {
    const answer = await ask()
    expect({ status: answer.status, code: answer.error?.code }).toEqual({ status, code })
  })

  it('what it may have meant', async () => {
    const { error } = await db.from('boks').select()
    expect(error).toMatchObject({
      message: "Could not find the table 'public.boks' in the schema cache",
      hint: "Perhaps you meant the table 'public.books'",
    })
  })
})
