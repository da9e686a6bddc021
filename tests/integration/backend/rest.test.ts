import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AuthCaller } from '../../support/auth-caller.ts'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'
import { makeLibrary } from '../../support/rest-library.ts'
import { forgeTokens, type Forgeries } from '../../support/token-forge.ts'

let backend: TestBackend
let token: string
let forged: Forgeries

beforeAll(async () => {
  backend = await startTestBackend({ idle: true })
  await makeLibrary(backend)
  token = (await new AuthCaller(backend).signIn(0)).access_token
  forged = await forgeTokens(backend.dataDir, token)
})
afterAll(() => backend.stop())

interface Asking {
  readonly method?: string
  readonly body?: string
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>>
}

async function ask(path: string, { method = 'GET', body, key, headers }: Asking = {}) {
  const response = await fetch(`${backend.supabaseUrl}/rest/v1${path}`, {
    method,
    headers: {
      apikey: key ?? backend.secretKey,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  })
  const text = await response.text()
  const { status } = response
  const header = (name: string) => response.headers.get(name)
  return { status, header, text, json: () => JSON.parse(text) as unknown }
}

describe('who asks', () => {
  it.each([
    ['expired', 'PGRST303', 'JWT expired'],
    ['wrongSecret', 'PGRST301', 'No suitable key or wrong key type'],
  ] as const)('is refused with a token that is no good: %s', async (which, code, message) => {
    const key = backend.publishableKey
    const answer = await ask('/notes', {
      key,
      headers: { authorization: `Bearer ${forged[which]}` },
    })
    expect(answer.status).toBe(401)
    expect(answer.json()).toEqual({ code, message, details: null, hint: null })
    expect(answer.header('www-authenticate')).toBe(
      `Bearer error="invalid_token", error_description="${message}"`,
    )
  })

  it.each([
    ['x', 'Expected 3 parts in JWT; got 1'],
    ['a.b.c', "JWT couldn't be decoded"],
  ])('is refused with what is no token: %s', async (bearer, message) => {
    const answer = await ask('/notes', { headers: { authorization: `Bearer ${bearer}` } })
    expect(answer.status).toBe(401)
    expect(answer.json()).toMatchObject({ code: 'PGRST301', message })
  })

  it('needs a key of the project, which may stand in the address', async () => {
    expect((await fetch(`${backend.supabaseUrl}/rest/v1/books`)).status).toBe(401)
    const inAddress = `${backend.supabaseUrl}/rest/v1/books?id=eq.1&select=id&apikey=${backend.secretKey}`
    expect(await (await fetch(inAddress)).json()).toEqual([{ id: 1 }])
  })

  it('is the signed-in user, whatever key comes along', async () => {
    const answer = await ask('/notes?select=text', {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(answer.json()).toEqual([{ text: 'one' }, { text: 'two' }])
  })
})

describe('what an answer says beside its rows', () => {
  it('a part of the whole, as it was asked for', async () => {
    const part = await ask('/books?select=id&order=id', {
      headers: { range: '1-2', prefer: 'count=exact' },
    })
    expect(part.status).toBe(206)
    expect(part.header('content-range')).toBe('1-2/4')
    expect(part.header('preference-applied')).toBe('count=exact')
    const beyond = await ask('/books?offset=9', { headers: { prefer: 'count=exact' } })
    expect(beyond.status).toBe(416)
    expect(beyond.json()).toMatchObject({
      code: 'PGRST103',
      details: 'An offset of 9 was requested, but there are only 4 rows.',
    })
  })

  it('never more than a thousand rows, and says how many there are', async () => {
    const many = await ask('/rpc/spans?up_to=1500', { headers: { prefer: 'count=exact' } })
    expect(many.json()).toHaveLength(1_000)
    expect(many.header('content-range')).toBe('0-999/1500')
  })

  it('where a new row is found', async () => {
    const made = await ask('/readers', {
      method: 'POST',
      body: '{"id": 3, "name": "Cy"}',
      headers: { prefer: 'return=headers-only' },
    })
    expect({ status: made.status, text: made.text }).toEqual({ status: 201, text: '' })
    expect(made.header('location')).toBe('/readers?id=eq.3')
    expect(made.header('preference-applied')).toBe('return=headers-only')
    expect((await ask('/readers?id=eq.3', { method: 'DELETE' })).status).toBe(204)
  })

  it('nothing of the rows to HEAD', async () => {
    const head = await ask('/books', { method: 'HEAD', headers: { prefer: 'count=exact' } })
    expect({ status: head.status, text: head.text }).toEqual({ status: 200, text: '' })
    expect(head.header('content-range')).toBe('0-3/4')
  })

  it('what a function wants said', async () => {
    const tea = await ask('/rpc/answered', { method: 'POST', body: '{}' })
    expect({ status: tea.status, tea: tea.header('x-tea') }).toEqual({ status: 418, tea: 'green' })
  })
})

describe('PUT', () => {
  const put = (path: string, row: object) => ask(path, { method: 'PUT', body: JSON.stringify(row) })

  it('makes a row, then replaces it', async () => {
    expect((await put('/readers?id=eq.9', { id: 9, name: 'Io' })).status).toBe(201)
    expect((await put('/readers?id=eq.9', { id: 9, name: 'Ia' })).status).toBe(204)
    expect((await ask('/readers?id=eq.9&select=name')).json()).toEqual([{ name: 'Ia' }])
    await ask('/readers?id=eq.9', { method: 'DELETE' })
  })

  it.each([
    ['/readers', 405, 'PGRST105'],
    ['/readers?id=gt.9', 405, 'PGRST105'],
    ['/readers?id=eq.9&name=eq.x', 405, 'PGRST105'],
    ['/readers?id=eq.9&limit=1', 400, 'PGRST114'],
    ['/readers?id=eq.8', 400, 'PGRST115'],
  ])('is refused for %s', async (path, status, code) => {
    const answer = await put(path, { id: 9, name: 'Io' })
    expect(answer.status).toBe(status)
    expect(answer.json()).toMatchObject({ code })
    expect((await ask('/readers?id=eq.9')).json()).toEqual([])
  })
})

describe('a schema that changes', () => {
  it('is noticed when something new is asked for, or when it is told', async () => {
    await ask('/books?limit=1')
    await backend.database.query('create table shelves (id int primary key, name text)')
    await expect.poll(async () => (await ask('/shelves')).status, { timeout: 20_000 }).toBe(200)
    await backend.database.query(
      `alter table shelves alter column name type int using 1; notify pgrst, 'reload schema'`,
    )
    const insert = async () =>
      (await ask('/shelves', { method: 'POST', body: '{"id": 1, "name": 7}' })).status
    await expect.poll(insert, { timeout: 20_000 }).toBe(201)
    await backend.database.query('drop table shelves')
  })
})

describe('what is hostile', () => {
  it.each([
    ['GET', '/books/1', 404, 'PGRST125'],
    ['GET', '/rpc/', 404, 'PGRST125'],
    ['GET', `/${encodeURIComponent('books"; drop table books; --')}`, 404, 'PGRST205'],
    ['GET', '/pg_user', 404, 'PGRST205'],
    ['GET', '/__proto__', 404, 'PGRST205'],
    ['GET', '/rpc/constructor', 404, 'PGRST202'],
    ['GET', '/rpc/pg_sleep', 404, 'PGRST202'],
    ['GET', '/books?select=id%00', 400, 'PGRST100'],
    ['GET', '/books?select=id::text);drop', 400, 'PGRST100'],
    ['GET', '/books?select="id) from books; --"', 400, '42703'],
    ['GET', '/books?select=__proto__', 400, '42703'],
    ['GET', "/books?id=eq.1'%20or%20'1'='1", 400, '22P02'],
    ['GET', '/books?title=fts(nope).x', 400, '42704'],
    ['GET', '/books?title=match.(', 400, '2201B'],
    ['PUT', '/rpc/add', 405, 'PGRST101'],
    ['POST', '/', 405, 'PGRST117'],
    ['PATCH', '/books?id=eq.1', 400, 'PGRST102'],
  ])('%s %s', async (method, path, status, code) => {
    const body = method === 'GET' ? {} : { body: '{"a"' }
    const answer = await ask(path, { method, ...body })
    expect({ status: answer.status, ...(answer.json() as object) }).toMatchObject({ status, code })
  })

  it.each([
    ['[1,2]', 400, 'PGRST102'],
    ['{"__proto__": 1}', 400, 'PGRST204'],
    [`{"details": ${'['.repeat(500)}}`, 400, 'PGRST102'],
    [`{"title": "${'x'.repeat(1_100_000)}"}`, 413, 'PGRST102'],
    ['{"title": "a\\u0000b"}', 400, '22P05'],
  ])('a body: %.20s', async (body, status, code) => {
    const answer = await ask('/books', { method: 'POST', body })
    expect({ status: answer.status, ...(answer.json() as object) }).toMatchObject({ status, code })
  })

  it('a body of another kind', async () => {
    const headers = { 'content-type': 'text/csv' }
    const answer = await ask('/books', { method: 'POST', body: 'title\nx', headers })
    expect(answer.json()).toMatchObject({
      code: 'PGRST102',
      message: 'Content-Type not acceptable: text/csv',
    })
    const text = { 'content-type': 'text/plain' }
    const shout = await ask('/rpc/shout', { method: 'POST', body: 'tea', headers: text })
    expect(shout.json()).toBe('TEA')
  })

  it('any query at all is answered or refused, and never by accident', async () => {
    const name = fc.constantFrom(
      ...['id', 'title', 'author_id', 'details', 'tags', 'loaned', 'words', 'authors', 'readers'],
      ...['loans', 'books', 'nope', '"', '*', '__proto__'],
    )
    const place = fc
      .tuple(name, fc.constantFrom('', '->a', '->>0', '->>__proto__'))
      .map((all) => all.join(''))
    const operator = fc.constantFrom(
      ...[
        'eq',
        'not.in',
        'in',
        'is',
        'like(any)',
        'cs',
        'cd',
        'ov',
        'sl',
        'adj',
        'fts',
        'wfts(english)',
        'match',
      ],
    )
    const value = fc.constantFrom(
      '1',
      'null',
      '(1,2)',
      '{1,2}',
      '{"a":1}',
      '[1,5)',
      'a',
      '(',
      '\\',
      '%',
      '',
    )
    const test = fc.tuple(operator, value).map((all) => all.join('.'))
    const item = fc.oneof(
      fc.tuple(place, fc.constantFrom('', '::text', '::int', '::nope')).map((all) => all.join('')),
      fc
        .tuple(fc.constantFrom('', 'x:', '...'), name, fc.constantFrom('', '!inner'), place)
        .map(([before, relation, join, inner]) => `${before}${relation}${join}(${inner})`),
    )
    const pair = fc.oneof(
      fc.tuple(fc.constant('select'), fc.array(item, { minLength: 1, maxLength: 3 }).map(String)),
      fc.tuple(place, test),
      fc.tuple(
        fc.tuple(name, place).map((all) => all.join('.')),
        test,
      ),
      fc.tuple(
        fc.constant('or'),
        fc.tuple(place, test).map(([left, right]) => `(${left}.${right})`),
      ),
      fc.tuple(
        fc.constant('order'),
        fc.tuple(place, fc.constantFrom('', '.desc')).map((all) => all.join('')),
      ),
    )
    const headers = fc.constantFrom<Record<string, string>>(
      {},
      { prefer: 'count=exact' },
      { prefer: 'count=estimated' },
      { accept: 'text/csv' },
      { accept: 'application/vnd.pgrst.object+json' },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(pair, { maxLength: 4 }), headers, async (pairs, asked) => {
        const answer = await ask(`/books?${new URLSearchParams(pairs).toString()}`, {
          headers: asked,
        })
        expect(answer.status, answer.text).toBeLessThan(500)
        expect(answer.text).not.toContain('syntax error at')
      }),
      { numRuns: 300 },
    )
  })

  it('a statement that takes too long is ended', async () => {
    const key = backend.publishableKey
    const answer = await ask('/rpc/slow', { method: 'POST', body: '{}', key })
    expect(answer.status).toBe(500)
    expect(answer.json()).toMatchObject({
      code: '57014',
      message: 'canceling statement due to statement timeout',
    })
  })

  it('leaves everything as it was, and no secret in the log', async () => {
    const books = await backend.database.query<{ n: string }>('select count(*) as n from books')
    expect(books).toEqual([{ n: '4' }])
    const log = backend.logLines.join('\n')
    for (const secret of [token, backend.secretKey, forged.expired])
      expect(log).not.toContain(secret)
  })
})

describe('an answer', () => {
  beforeAll(async () => {
    await backend.database.query(`
      create table public.much_done (at timestamptz default now());
      create function public.much(mib int) returns text language sql volatile as $$
        insert into public.much_done default values;
        select repeat('x', mib * 1024 * 1024);
      $$;
      notify pgrst;`)
  })
  const much = (mib: number, headers = {}) =>
    ask('/rpc/much', { method: 'POST', body: JSON.stringify({ mib }), headers })

  it('that would fill the memory is refused, and nothing has happened', async () => {
    const { status, json } = await much(40)
    expect([status, json()]).toMatchObject([400, { code: '54000' }])
    expect((await ask('/much_done')).json()).toEqual([])
  })

  it('that is merely large is given, and one that nobody wants to see is no matter', async () => {
    expect((await much(8)).text).toHaveLength(8 * 1024 * 1024 + 2)
    expect((await much(40, { prefer: 'return=minimal' })).status).toBe(204)
  })
})
