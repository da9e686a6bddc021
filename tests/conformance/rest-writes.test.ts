import type { SupabaseClient } from '@supabase/supabase-js'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
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
afterEach(async () => {
  await backend.database.query('delete from books where id > 4; delete from readers where id > 2')
})
afterAll(async () => {
  await clients.dispose()
  await backend.stop()
})

describe('supabase-js inserts', () => {
  it('one row, and is told nothing unless it asks', async () => {
    const silent = await db.from('readers').insert({ id: 3, name: 'Cy' })
    expect(silent).toMatchObject({ status: 201, data: null, error: null })
    const told = await db.from('readers').insert({ id: 4, name: 'Di' }).select('name').single()
    expect(told).toMatchObject({ status: 201, data: { name: 'Di' } })
  })

  it('many rows; a key that one of them lacks becomes null, or the default', async () => {
    const many = [{ title: 'A', shelf: 'back' }, { title: 'B' }]
    const nulls = await db.from('books').insert(many, { count: 'exact' }).select('title,shelf')
    expect(nulls).toMatchObject({
      count: 2,
      data: [{ shelf: 'back' }, { title: 'B', shelf: null }],
    })
    const defaults = await db
      .from('books')
      .insert(
        many.map((book) => ({ ...book, pages: 1 })),
        { defaultToNull: false },
      )
      .select('id,title,shelf')
    expect(defaults.data).toMatchObject([{ shelf: 'back' }, { title: 'B', shelf: 'front' }])
  })

  it('JSON, arrays, ranges and text of any kind, as they are', async () => {
    const book = {
      title: `O'Brien"; drop table books; -- \\ $1 ☃ `,
      tags: ['a,b', 'c"d', '{}'],
      details: { deep: [1, { '"': null }], __proto__x: 1.5 },
      loaned: '[3,7)',
    }
    const { data } = await db
      .from('books')
      .insert(book)
      .select('title,tags,details,loaned')
      .single()
    expect(data).toEqual(book)
    const found = await db.from('books').select('title').eq('title', book.title)
    expect(found.data).toEqual([{ title: book.title }])
  })

  it('through a view, and rows of nothing but defaults', async () => {
    const view = db.from('long_books').insert({ id: 50, title: 'Long', pages: 900 }).select('title')
    expect((await view).data).toEqual([{ title: 'Long' }])
    expect((await db.from('stamps').insert({}).select('id')).data).toHaveLength(1)
    expect((await db.from('stamps').insert([{}, {}]).select('id')).data).toHaveLength(2)
    expect((await db.from('stamps').insert([]).select('id')).data).toEqual([])
  })

  it('and embeds what the new row refers to', async () => {
    const asked = db
      .from('books')
      .insert({ title: 'Fiasco', author_id: 1 })
      .select('title,authors(name)')
    expect((await asked.single()).data).toEqual({ title: 'Fiasco', authors: { name: 'Lem' } })
  })
})

describe('supabase-js upserts', () => {
  it('by primary key, by another key, or leaves what is there', async () => {
    const merged = await db.from('readers').upsert({ id: 1, name: 'Ada L.' }).select().single()
    expect(merged).toMatchObject({ status: 200, data: { id: 1, name: 'Ada L.' } })
    const created = await db.from('readers').upsert({ id: 5, name: 'Eve' })
    expect(created.status).toBe(201)
    const byName = await db
      .from('readers')
      .upsert({ id: 6, name: 'Eve' }, { onConflict: 'name' })
      .select()
    expect(byName.data).toEqual([{ id: 6, name: 'Eve' }])
    const kept = await db
      .from('readers')
      .upsert(
        [
          { id: 1, name: 'X' },
          { id: 7, name: 'Flo' },
        ],
        { ignoreDuplicates: true },
      )
      .select()
    expect(kept.data).toEqual([{ id: 7, name: 'Flo' }])
    await db.from('readers').update({ name: 'Ada' }).eq('id', 1)
  })
})

describe('supabase-js updates and deletes', () => {
  it('what its filters find', async () => {
    await db.from('readers').insert([
      { id: 3, name: 'Cy' },
      { id: 4, name: 'Di' },
    ])
    const silent = await db.from('readers').update({ name: 'Cyd' }).eq('id', 3)
    expect(silent).toMatchObject({ status: 204, data: null })
    const told = await db
      .from('readers')
      .update({ name: 'Dia' }, { count: 'exact' })
      .gt('id', 3)
      .select()
    expect(told).toMatchObject({ status: 200, count: 1, data: [{ id: 4, name: 'Dia' }] })
    const nobody = await db.from('readers').update({ name: 'x' }).eq('id', 99).select()
    expect(nobody).toMatchObject({ status: 200, data: [] })
    const gone = await db.from('readers').delete({ count: 'exact' }).in('id', [3, 4]).select('name')
    expect(gone).toMatchObject({ count: 2, data: [{ name: 'Cyd' }, { name: 'Dia' }] })
    expect(await db.from('readers').delete().eq('id', 99)).toMatchObject({ status: 204 })
  })

  it('and nothing when one row was wanted, or fewer than there are', async () => {
    await db.from('readers').insert([
      { id: 3, name: 'Cy' },
      { id: 4, name: 'Di' },
    ])
    const single = await db.from('readers').delete().gt('id', 2).select().single()
    expect(single).toMatchObject({ status: 406, error: { code: 'PGRST116' } })
    // Its type wants to be told of PostgREST 13.
    const few = db.from('readers').delete().gt('id', 2).maxAffected(1) as unknown
    expect(await (few as PromiseLike<unknown>)).toMatchObject({
      status: 400,
      error: { code: 'PGRST124' },
    })
    expect((await db.from('readers').select('name').gt('id', 2).order('id')).data).toEqual([
      { name: 'Cy' },
      { name: 'Di' },
    ])
  })

  it('but never everything by mistake', async () => {
    const all = await db.from('readers').delete()
    expect(all).toMatchObject({ status: 400, error: { message: 'DELETE requires a WHERE clause' } })
    const update = await db.from('readers').update({ name: 'x' })
    expect(update).toMatchObject({ status: 400, error: { code: '21000' } })
  })

  it('with no right to read, as long as nothing is read', async () => {
    const anon = clients.withKey()
    expect(await anon.from('box').insert({ id: 1, secret: 'x' })).toMatchObject({ status: 201 })
    const told = await anon.from('box').insert({ id: 2, secret: 'x' }).select('id')
    expect(told).toMatchObject({ status: 201, data: [{ id: 2 }] })
    const whole = await anon.from('box').insert({ id: 3, secret: 'x' }).select()
    expect(whole).toMatchObject({ status: 401, error: { code: '42501' } })
    expect((await db.from('box').select('id')).data).toHaveLength(2)
  })

  it('for good: a rollback is not for callers to ask, as on hosted projects', async () => {
    const { data } = await db.from('readers').insert({ id: 3, name: 'Cy' }).select().rollback()
    expect(data).toEqual([{ id: 3, name: 'Cy' }])
    expect((await db.from('readers').select().eq('id', 3)).data).toHaveLength(1)
  })
})

describe('supabase-js calls functions', () => {
  it('with arguments by name, defaults, overloads', async () => {
    expect((await db.rpc('add', { a: 1, b: 2 })).data).toBe(3)
    expect((await db.rpc('add', { a: 1 })).data).toBe(11)
    expect((await db.rpc('add', { a: 1, b: 2 }, { get: true })).data).toBe(3)
    expect((await db.rpc('area', { side: 3 })).data).toBe(9)
    expect((await db.rpc('area', { width: 3, height: 4 })).data).toBe(12)
    expect((await db.rpc('total', { numbers: [1, 2, 3] })).data).toBe(6)
    expect((await db.rpc('total', { numbers: [1, 2] }, { get: true })).error).not.toBeNull()
    expect((await db.rpc('echo', { any: [1] })).data).toEqual({ any: [1] })
  })

  it('that return rows, of which it asks more', async () => {
    expect((await db.rpc('titles')).data).toHaveLength(4)
    const asked = db.rpc('books_by', { author: 1 }).select('title,authors(name)')
    expect((await asked).data).toEqual([{ title: 'Solaris', authors: { name: 'Lem' } }])
    const counted = await db
      .rpc('spans', { up_to: 5 }, { count: 'exact', get: true })
      .gt('low', 1)
      .order('low', { ascending: false })
      .limit(2)
    expect(counted).toMatchObject({
      count: 4,
      data: [
        { low: 5, high: 50 },
        { low: 4, high: 40 },
      ],
    })
    expect((await db.rpc('first_book').select('title').single()).data).toEqual({ title: 'Solaris' })
    const head = await db.rpc('titles', {}, { head: true, count: 'exact' })
    expect(head).toMatchObject({ count: 4, data: null })
  })

  it('that return nothing and change something, but not by GET', async () => {
    expect(await db.rpc('touch', { id: 1 })).toMatchObject({ data: null, status: 204 })
    expect((await db.from('books').select('shelf').eq('id', 1).single()).data).toEqual({
      shelf: 'touched',
    })
    const read = await db.rpc('touch', { id: 1 }, { get: true })
    expect(read).toMatchObject({ status: 405, error: { code: '25006' } })
  })

  it('and is told which one it may have meant', async () => {
    const wrong = await db.rpc('add', { a: 1, c: 2 })
    expect(wrong.error).toMatchObject({
      code: 'PGRST202',
      message: 'Could not find the function public.add(a, c) in the schema cache',
      hint: 'Perhaps you meant to call the function public.add(a, b)',
    })
    const ambiguous = await db.rpc('twice', { n: 1 })
    expect(ambiguous).toMatchObject({ status: 300, error: { code: 'PGRST203' } })
  })

  it.each([
    ['P0001', 400],
    ['PT418', 418],
    ['23505', 409],
    ['42501', 403],
    ['40001', 500],
    ['P0002', 500],
    ['22023', 400],
  ])('that raise %s', async (code, status) => {
    const answer = await db.rpc('fail', { code, message: 'no' })
    expect(answer).toMatchObject({ status, error: { code, message: 'no' } })
  })

  it('that say the whole answer themselves', async () => {
    const message = JSON.stringify({ code: 'tea', message: 'short and stout', hint: 'pour' })
    const detail = JSON.stringify({ status: 402, headers: { 'X-Pot': '1' } })
    const raised = await db.rpc('fail', { code: 'PGRST', message, detail })
    expect(raised).toMatchObject({ status: 402, error: { code: 'tea', hint: 'pour' } })
    const broken = await db.rpc('fail', { code: 'PGRST', message: '{', detail })
    expect(broken).toMatchObject({ status: 500, error: { code: 'PGRST121' } })
    expect(await db.rpc('answered')).toMatchObject({ status: 418 })
  })
})

describe('who may see what', () => {
  it('is row level security’s to say: two tenants, nobody, a server', async () => {
    const [alice, bea] = [await clients.signedIn(0), await clients.signedIn(2)]
    const texts = async (client: SupabaseClient) =>
      (await client.from('notes').select('text').order('id')).data?.map(
        ({ text }) => text as string,
      )
    expect(await texts(alice)).toEqual(['one', 'two'])
    expect(await texts(bea)).toEqual(['three'])
    expect(await texts(clients.withKey())).toEqual([])
    expect(await texts(clients.withKey(backend.legacyAnonKey))).toEqual([])
    expect(await texts(db)).toEqual(['one', 'two', 'three'])

    const foreign = await alice.from('notes').insert({ tenant_id: 'borealis-health', text: 'x' })
    expect(foreign).toMatchObject({ status: 403, error: { code: '42501' } })
    const stolen = await alice.from('notes').update({ text: 'x' }).eq('text', 'three').select()
    expect(stolen.data).toEqual([])
    const own = await alice
      .from('notes')
      .insert({ tenant_id: 'acme-freight', text: 'four' })
      .select('text')
    expect(own.data).toEqual([{ text: 'four' }])
    expect((await bea.from('notes').select('*', { count: 'exact', head: true })).count).toBe(1)
    await backend.database.query(`delete from notes where text = 'four'`)
  })

  it('is the same through SQL as the same caller', async () => {
    const alice = await clients.signedIn(0)
    const { data } = await alice.auth.getClaims()
    const caller = { role: 'authenticated' as const, claims: data!.claims }
    const direct = await backend.database.asCaller(caller, (inside) =>
      inside.query('select * from notes order by id'),
    )
    expect((await alice.from('notes').select().order('id')).data).toEqual(direct)
  })

  it('is refused by PostgreSQL’s rights, to nobody as 401', async () => {
    const anon = await clients.withKey().from('closed').select()
    expect(anon).toMatchObject({ status: 401, error: { code: '42501' } })
    const alice = await (await clients.signedIn(0)).from('closed').select()
    expect(alice).toMatchObject({ status: 403, error: { code: '42501' } })
  })

  it('is told to policies: method, path and headers, but no secret', async () => {
    const ask = async (name: string) => (await db.rpc('asked', { name })).data as string
    expect(await ask('request.method')).toBe('POST')
    expect(await ask('request.path')).toBe('/rpc/asked')
    const headers = JSON.parse(await ask('request.headers')) as Record<string, string>
    expect(headers['x-client-info']).toMatch(/^supabase-js/)
    expect(Object.keys(headers)).not.toContain('authorization')
    expect(Object.keys(headers)).not.toContain('apikey')
  })

  it('as for the description of the schema: servers only', async () => {
    const whole = await clients.withKey().schema('public').getOpenApiSpec()
    expect(whole.status).toBe(403)
    const { data } = await db.schema('public').getOpenApiSpec()
    expect(data).toMatchObject({
      swagger: '2.0',
      definitions: { books: { required: ['id', 'title', 'tags', 'details'] } },
    })
  })
})
