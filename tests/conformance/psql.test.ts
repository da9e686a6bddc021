import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestBackend, type TestBackend } from '../support/backend.ts'
import { SupabaseClients } from '../support/supabase-clients.ts'

/** The bootstrap installs it there. */
const hasPsql = process.platform === 'linux'
let backend: TestBackend
let clients: SupabaseClients

beforeAll(async () => {
  backend = await startTestBackend({ idle: true })
  clients = new SupabaseClients(backend)
  await backend.database.query(`
    insert into public.jobs (id, name, kind, tenant_id, queue) values
      ('a1', 'a1', 'k', 'acme-freight', 'none'), ('a2', 'a2', 'k', 'acme-freight', 'none'),
      ('b1', 'b1', 'k', 'borealis-health', 'none')`)
})
afterAll(async () => {
  await clients.dispose()
  await backend.stop()
})

interface Login {
  readonly user?: string
  /** Otherwise the file that the backend keeps for tools. */
  readonly password?: string
}

/** What psql prints for a script, without headings; it stops at the first error. */
async function psql(script: string, { user = 'postgres', password }: Login = {}): Promise<string> {
  const { host, port, database } = backend.database.connection
  const { PATH = '' } = process.env
  const entry =
    password === undefined
      ? { PGPASSFILE: join(backend.dataDir, 'pgpass') }
      : { PGPASSWORD: password }
  const args = ['-h', host, '-p', String(port), '-U', user, '-d', database]
  const ways = ['-X', '-w', '-q', '-At', '-v', 'ON_ERROR_STOP=1']
  const lines = script.split('\n').flatMap((line) => ['-c', line.trim()])
  const child = promisify(execFile)('psql', [...args, ...ways, ...lines], {
    env: { PATH, ...entry },
  })
  return (await child).stdout.trim()
}

/** The claims of a session token, as PostgREST hands them to policies. */
const setClaims = (claims: object): string =>
  `set request.jwt.claims = '${JSON.stringify(claims).replaceAll("'", "''")}'`

async function claimsOf(nth: number): Promise<object> {
  const { data } = await (await clients.signedIn(nth)).auth.getSession()
  return decodeJwt(data.session!.access_token)
}

const jobIds = `select id from public.jobs order by id`

describe.runIf(hasPsql)('psql with the password file of the data folder', () => {
  it('comes in, and is shown the table of jobs with its policies', async () => {
    const described = await psql('\\pset tuples_only off\n\\d public.jobs')
    expect(described).toContain('tenant_id')
    expect(described).toMatch(/Policies:[^]*TO authenticated/)
  })

  it.each([
    ['acme-freight', 0],
    ['borealis-health', 2],
  ])('sees as a user of %s exactly the rows that REST gives', async (tenant, nth) => {
    const { data } = await (await clients.signedIn(nth)).from('jobs').select('id').order('id')
    const ids = (data as { id: string }[]).map(({ id }) => id)
    const seen = await psql(`set role authenticated\n${setClaims(await claimsOf(nth))}\n${jobIds}`)
    expect(seen.split('\n')).toEqual(ids)
    expect(ids.length).toBeGreaterThan(0)
    const sql = 'select id from public.jobs where tenant_id = $1 order by id'
    const own = await backend.database.query<{ id: string }>(sql, [tenant])
    expect(own.map(({ id }) => id)).toEqual(ids)
  })

  it('changes no job, not even of its own tenant: that is for the gateway', async () => {
    const change = `update public.jobs set message = 'mine'`
    const asked = psql(`set role authenticated\n${setClaims(await claimsOf(0))}\n${change}`)
    await expect(asked).rejects.toThrow('permission denied for table jobs')
  })

  it('sees nothing as anon, as REST has it', async () => {
    const asked = psql(`set role anon\n${setClaims({ role: 'anon' })}\n${jobIds}`)
    await expect(asked).rejects.toThrow('permission denied for table jobs')
    const { status, error } = await clients.connect().from('jobs').select('id')
    expect([status, error?.code]).toEqual([401, '42501'])
  })

  it('sees nothing as a user without a tenant', async () => {
    const nobody = setClaims({ role: 'authenticated', sub: crypto.randomUUID() })
    expect(await psql(`set role authenticated\n${nobody}\n${jobIds}`)).toBe('')
  })

  it('sees every row as service_role', async () => {
    const { data } = await clients.admin().from('jobs').select('id').order('id')
    const all = (data as { id: string }[]).map(({ id }) => id)
    expect(all).toEqual(expect.arrayContaining(['a1', 'a2', 'b1']))
    expect((await psql(`set role service_role\n${jobIds}`)).split('\n')).toEqual(all)
  })
})

describe.runIf(hasPsql)('the login that callers’ statements run under', () => {
  const login = { user: 'authenticator', password: 'of the tests alone' }

  beforeAll(() => psql(`alter role authenticator password '${login.password}'`))

  it('sees nothing until it has taken a role', async () => {
    expect(await psql('select current_user', login)).toBe('authenticator')
    await expect(psql(jobIds, login)).rejects.toThrow('permission denied')
  })

  it.each(['postgres', 'supabase_auth_admin'])('cannot become %s', async (role) => {
    await expect(psql(`set role ${role}`, login)).rejects.toThrow('permission denied to set role')
    const again = `set role authenticated\nset role ${role}`
    await expect(psql(again, login)).rejects.toThrow('permission denied to set role')
  })

  it('cannot make itself a superuser, nor read files, sessions or passwords', async () => {
    await expect(psql('alter role authenticator superuser', login)).rejects.toThrow('permission')
    await expect(psql('create role one superuser', login)).rejects.toThrow('permission denied')
    await expect(psql(`select pg_read_file('PG_VERSION')`, login)).rejects.toThrow('permission')
    for (const table of ['auth.sessions', 'auth.users', 'pg_authid']) {
      const asked = psql(`set role authenticated\nselect * from ${table}`, login)
      await expect(asked).rejects.toThrow('permission denied')
    }
  })
})
