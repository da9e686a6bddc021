import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCheck } from '../../../src/backend/check/run-check.ts'
import type { Environment } from '../../../src/backend/config-environment.ts'
import { createLog } from '../../../src/backend/log.ts'
import { AuthCaller } from '../../support/auth-caller.ts'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'
import { environmentOf } from '../../support/gateway-alone.ts'
import { forgeTokens } from '../../support/token-forge.ts'

const program = join(import.meta.dirname, '../../../src/backend/main.ts')
const log = createLog('check', () => undefined)

let dir: string
let project: TestBackend
let token: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'signalbox-test-check-'))
  project = await startTestBackend({ idle: true })
  token = (await new AuthCaller(project).signIn()).access_token
})
afterAll(async () => {
  await project.stop()
  await rm(dir, { recursive: true, force: true })
})

interface Look {
  readonly env?: Environment
  readonly token?: string
  readonly args?: readonly string[]
}

/** The rows by their first word, each `pass`, `FAIL` or `skip` with its text and next step. */
async function look({ env = environmentOf(project), token: text, args = [] }: Look) {
  const { table, ok } = await runCheck({
    args: ['--check', ...args, ...(text === undefined ? [] : ['--token-file', '-'])],
    env,
    readFile: (path) => readFileSync(path, 'utf8'),
    stdin: Readable.from([text ?? '']),
    log,
  })
  const lines = table.split('\n')
  const row = (what: string): string => {
    const at = lines.findIndex((line) => line.slice(6).startsWith(`${what} `))
    const next = lines[at + 1]?.includes('→ next') === true ? lines[at + 1] : ''
    return `${lines[at] ?? ''} ${next}`
  }
  return { table, ok, row }
}

const failed = /^FAIL/
const passed = /^pass/

describe('--check over a project', () => {
  it('passes where everything is right, and shows what the token says, never the token', async () => {
    const { ok, row, table } = await look({ token })
    expect(table).not.toContain('FAIL')
    expect(ok).toBe(true)
    expect(row('database')).toMatch(/PostgreSQL 1\d\.\d+ at 127\.0\.0\.1:\d+, without TLS/)
    expect(row('token')).toMatch(
      /is good; sub [0-9a-f-]{36}, role authenticated, expires 20.*; tenants acme-freight/,
    )
    expect(row('Redis')).toMatch(/^skip/)
    for (const secret of [token, project.secretKey, project.database.connection.password]) {
      expect(table).not.toContain(secret)
    }
  })

  it('tells refused tokens apart', async () => {
    const forged = await forgeTokens(project.dataDir, token)
    const words = async (text: string): Promise<string> =>
      (await look({ token: text })).row('token')
    expect(await words(forged.expired)).toMatch(
      /^FAIL .*token_expired.*sub .*→ next.*sign in again/,
    )
    expect(await words(forged.malformed)).toContain('token_malformed')
    expect(await words(forged.wrongSecret)).toMatch(/token_signature.*→ next.*very project/)
    expect(await words(forged.anonKey)).toMatch(/token_wrong_kind.*role anon/)
    expect(await words('')).toContain('token_missing')
  })

  it('finds the wrong secret by a token of the project', async () => {
    const env = { ...environmentOf(project), SUPABASE_JWT_SECRET: 'x'.repeat(40) }
    expect((await look({ env, token })).row('token')).toMatch(/^FAIL .*token_signature/)
  })

  it('finds a configuration that cannot work, and stops there', async () => {
    const { ok, table } = await look({ env: { SUPABASE_URL: 'https://x.test' } })
    expect(ok).toBe(false)
    expect(table).toContain('DATABASE_URL is not set')
  })

  it('finds a database that cannot be entered, and still looks at the rest', async () => {
    const env = {
      ...environmentOf(project),
      DATABASE_URL: 'postgresql://postgres:wrong@127.0.0.1:9/postgres',
    }
    const { row } = await look({ env, token })
    expect(row('database')).toMatch(/^FAIL .*nothing accepts connections.*→ next.*check the port/)
    expect(row('auth server')).toMatch(passed)
    expect(row('token')).toMatch(/^FAIL .*cannot be judged/)
  })

  it('finds an auth server and a JWKS that are not there', async () => {
    const env = { ...environmentOf(project), SUPABASE_URL: 'http://127.0.0.1:2' }
    const { row } = await look({ env })
    expect(row('auth server')).toMatch(/^FAIL .*ECONNREFUSED.*→ next.*SUPABASE_URL/)
    expect(row('signing keys')).toMatch(failed)
  })

  it('finds a service key of another project', async () => {
    const env = { ...environmentOf(project), SUPABASE_SECRET_KEY: `sb_secret_${'x'.repeat(32)}` }
    expect((await look({ env })).row('service key')).toMatch(/^FAIL .*→ next.*very project/)
  })

  it('finds a table without row security, and one that Realtime does not hear of', async () => {
    const { database } = project
    await database.query('alter table public.audit_log disable row level security')
    await database.query('alter publication supabase_realtime drop table public.jobs')
    const { row, ok } = await look({})
    await database.query('alter table public.audit_log enable row level security')
    await database.query('alter publication supabase_realtime add table public.jobs')
    expect(ok).toBe(false)
    expect(row('row security')).toMatch(/^FAIL .*public\.audit_log.*enable row level security/)
    expect(row('realtime')).toMatch(/^FAIL .*public\.jobs.*→ next.*add table public\.jobs/)
  })

  it('finds a database without the schema', async () => {
    await project.database.query('create database empty')
    const { row } = await look({ env: environmentOf(project, 'empty') })
    expect(row('schema')).toMatch(/^FAIL .*public\.jobs.*→ next.*supabase db push/)
    expect(row('sessions')).toMatch(failed)
  })

  it('finds a Redis that does not answer, or is none', async () => {
    const env = { ...environmentOf(project), REDIS_URL: 'redis://:s3cr3t@127.0.0.1:9' }
    const { row, table } = await look({ env })
    expect(row('Redis')).toMatch(/^FAIL .*cannot be reached.*→ next.*REDIS_URL/)
    expect(table).not.toContain('s3cr3t')
    const web = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1')
    await once(web, 'listening')
    const { port } = web.address() as AddressInfo
    const other = { ...environmentOf(project), REDIS_URL: `redis://127.0.0.1:${port}` }
    expect((await look({ env: other })).row('Redis')).toMatch(failed)
    web.close()
  })
})

describe('--check over a data folder', () => {
  it('looks into the database of a backend that runs', async () => {
    const args = ['--data', project.dataDir, '--port', String(project.port)]
    const { table, row } = await look({ env: {}, args, token })
    expect(table).not.toContain('FAIL')
    expect(row('auth server')).toMatch(passed)
  })

  it('starts the database for the moment where nothing runs, and says where there is none', async () => {
    const kept = join(dir, 'kept')
    const backend = await startTestBackend({ idle: true, dataDir: kept })
    await backend.stop()
    const { table, row } = await look({
      env: {},
      args: ['--data', kept, '--port', '0', '--db-port', '0'],
    })
    expect(table).not.toContain('FAIL')
    expect(row('auth server')).toMatch(/^skip/)
    // Nothing was left running: it can be opened again.
    const again = await startTestBackend({ idle: true, dataDir: kept })
    await again.stop()
    const none = await look({ env: {}, args: ['--data', join(dir, 'none')] })
    expect(none.row('data folder')).toMatch(/^FAIL .*holds no data yet/)
  })

  it('is a program that exits with 1 when something is wrong', async () => {
    const file = join(dir, 'token')
    await writeFile(file, 'not a token')
    const args = [program, '--check', '--token-file', file]
    const env = { ...process.env, ...environmentOf(project) }
    const child = execFile(process.execPath, args, { env })
    let out = ''
    child.stdout!.on('data', (chunk: string) => (out += chunk))
    const [code] = (await once(child, 'close')) as [number]
    expect(code).toBe(1)
    expect(out).toMatch(/FAIL {2}token .*token_malformed/)
  })
})
