import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readDatabaseUrl } from '../../../src/backend/config-database.ts'
import type { Environment } from '../../../src/backend/config-environment.ts'
import { ConfigError } from '../../../src/backend/config-error.ts'
import { connectOnce } from '../../../src/backend/database/external.ts'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'
import { makeAuthority, makeCertificate, type Certificate } from '../../support/certificates.ts'
import { untilAsked } from '../../support/until.ts'

let dir: string
let server: TestBackend
let authority: Certificate
let stranger: Certificate

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'signalbox-test-tls-'))
  server = await startTestBackend({ idle: true })
  authority = await makeAuthority(dir, 'authority')
  stranger = await makeAuthority(dir, 'stranger')
})
afterAll(async () => {
  await server.stop()
  await rm(dir, { recursive: true, force: true })
})

/** What the operator writes, with this server's own password. */
function address(host = 'localhost', query = ''): string {
  const { user, password, port } = server.database.connection
  return `postgresql://${user}:${password}@${host}:${port}/postgres${query}`
}

function parse(url: string, caFile?: string) {
  const env: Environment = {
    DATABASE_URL: url,
    ...(caFile === undefined ? {} : { DATABASE_CA_FILE: caFile }),
  }
  return readDatabaseUrl(env, (path) => readFileSync(path, 'utf8'))!
}

/** Whether the connection is encrypted, or the sentence that says why there is none. */
async function knock(url: string, caFile?: string): Promise<boolean | string> {
  try {
    const client = await connectOnce(parse(url, caFile))
    const { rows } = await client.query<{ ssl: boolean }>(
      'select ssl from pg_stat_ssl where pid = pg_backend_pid()',
    )
    await client.end()
    return rows[0]!.ssl
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
}

async function serveTls(certificate: Certificate | null): Promise<void> {
  const { database } = server
  if (certificate !== null) {
    await database.query(`alter system set ssl_cert_file = '${certificate.certFile}'`)
    await database.query(`alter system set ssl_key_file = '${certificate.keyFile}'`)
  }
  await database.query(`alter system set ssl = ${certificate === null ? 'off' : 'on'}`)
  const loadedAt = async (): Promise<string> => {
    const [row] = await database.query<{ at: string }>('select pg_conf_load_time()::text as at')
    return row!.at
  }
  const before = await loadedAt()
  await database.query('select pg_reload_conf()')
  await untilAsked('it is loaded', async () => (await loadedAt()) !== before)
}

describe('a server without TLS', () => {
  it('is entered in plain text from this machine, or where that is said', async () => {
    expect(await knock(address())).toBe(false)
    expect(await knock(address('127.0.0.1', '?sslmode=disable'))).toBe(false)
  })

  it('is not entered in plain text where TLS is demanded', async () => {
    expect(await knock(address('localhost', '?sslmode=require'))).toMatch(
      /does not speak TLS: .*sslmode=disable/,
    )
  })

  it('refuses a wrong password, an unknown user and an unknown database, each by name', async () => {
    const { port, password } = server.database.connection
    const url = (rest: string): string => `postgresql://${rest}`
    const wrong = await knock(url(`postgres:not-the-password@localhost:${port}/postgres`))
    expect(wrong).toContain('the password for postgres is wrong')
    expect(wrong).not.toContain('not-the-password')
    const who = await knock(url(`nobody-here:${password}@localhost:${port}/postgres`))
    expect(who).toContain('the password for nobody-here is wrong')
    const what = await knock(url(`postgres:${password}@localhost:${port}/nothing`))
    expect(what).toContain('there is no database nothing')
  })
})

describe('a server with TLS', () => {
  beforeAll(async () => {
    await serveTls(await makeCertificate(dir, authority, { name: 'server', for: 'DNS:localhost' }))
  })

  it('is verified by the CA that is named', async () => {
    expect(await knock(address('localhost', '?sslmode=verify-full'), authority.certFile)).toBe(true)
    expect(await knock(address('localhost', '?sslmode=require'), authority.certFile)).toBe(true)
  })

  it('is encrypted to, unverified, where only that is demanded', async () => {
    expect(await knock(address('localhost', '?sslmode=require'))).toBe(true)
  })

  it.each(['require', 'verify-ca', 'verify-full'])(
    'is refused under another CA: %s',
    async (mode) => {
      expect(await knock(address('localhost', `?sslmode=${mode}`), stranger.certFile)).toMatch(
        /certificate verify failed: .*DATABASE_CA_FILE/,
      )
    },
  )

  it('is refused without any CA', async () => {
    expect(await knock(address('localhost', '?sslmode=verify-full'))).toMatch(
      /certificate verify failed: .*DATABASE_CA_FILE/,
    )
  })

  it('is refused under another name, unless only the CA is asked for', async () => {
    const named = address('127.0.0.1', '?sslmode=verify-full')
    expect(await knock(named, authority.certFile)).toMatch(
      /certificate verify failed: the certificate is not for 127\.0\.0\.1: .*verify-ca/,
    )
    const any = address('127.0.0.1', '?sslmode=verify-ca')
    expect(await knock(any, authority.certFile)).toBe(true)
  })

  it('is found by its address where the certificate names that', async () => {
    await serveTls(await makeCertificate(dir, authority, { name: 'byip', for: 'IP:127.0.0.1' }))
    const url = address('127.0.0.1', '?sslmode=verify-full')
    await untilAsked('it is seen', async () => (await knock(url, authority.certFile)) === true)
  })

  it('is refused when it signed itself', async () => {
    await serveTls(stranger)
    const url = address('localhost', '?sslmode=verify-full')
    await untilAsked('it is seen', async () => String(await knock(url)).includes('signed itself'))
  })

  it('is refused when its certificate has expired', async () => {
    const old = { name: 'old', for: 'DNS:localhost', expired: true }
    await serveTls(await makeCertificate(dir, authority, old))
    const url = address('localhost', '?sslmode=verify-full')
    await untilAsked('it is seen', async () =>
      String(await knock(url, authority.certFile)).includes('has expired'),
    )
  })
})

describe('no server', () => {
  const servers: Server[] = []
  afterAll(() => servers.forEach((each) => each.close()))

  async function listen(answer: (server: Server) => void): Promise<number> {
    const stub = createServer()
    answer(stub)
    servers.push(stub)
    stub.listen(0, '127.0.0.1')
    await once(stub, 'listening')
    return (stub.address() as AddressInfo).port
  }

  it('is told apart: a name that nobody knows', async () => {
    const sentence = await knock(
      'postgresql://postgres:x@signalbox.invalid/postgres?sslmode=require',
    )
    expect(sentence).toMatch(/signalbox\.invalid (?:is not known|cannot be looked up)/)
  })

  it('is told apart: a port where nothing listens', async () => {
    const port = await listen(() => undefined)
    servers.pop()!.close()
    expect(await knock(`postgresql://postgres:x@127.0.0.1:${port}/postgres`)).toContain(
      `nothing accepts connections at 127.0.0.1:${port}`,
    )
  })

  it('is told apart: something that hangs up', async () => {
    const port = await listen((stub) => stub.on('connection', (socket) => socket.destroy()))
    expect(await knock(`postgresql://postgres:x@127.0.0.1:${port}/postgres`)).toContain('hung up')
  })

  it('is told apart: something that stays silent', async () => {
    const port = await listen((stub) =>
      stub.on('connection', (socket) => socket.on('error', () => undefined)),
    )
    expect(await knock(`postgresql://postgres:x@127.0.0.1:${port}/postgres`)).toContain(
      'does not answer',
    )
  })
})

describe('tools beside the backend', () => {
  it('find the way in by the password file of the data folder', async () => {
    const text = await readFile(join(server.dataDir, 'pgpass'), 'utf8')
    const { port, password } = server.database.connection
    expect(text).toBe(`127.0.0.1:${port}:*:postgres:${password}\n`)
  })

  it.runIf(process.platform === 'linux')('psql comes in by it', async () => {
    const args = [
      '-h',
      '127.0.0.1',
      '-p',
      String(server.database.connection.port),
      '-U',
      'postgres',
    ]
    const env = { ...process.env, PGPASSFILE: join(server.dataDir, 'pgpass') }
    const query = [...args, '-w', '-At', '-c', 'select count(*) from auth.users']
    const { stdout } = await promisify(execFile)('psql', query, { env })
    expect(stdout.trim()).toBe('3')
  })

  it('reach nothing from inside a caller’s statement, whatever it resets', async () => {
    const caller = { role: 'authenticated', claims: { sub: 'x' } } as const
    const who = await server.database.asCaller(caller, async (inside) => {
      const [before] = await inside.query<{ name: string }>('select current_user as name')
      await inside.query('reset role')
      const [after] = await inside.query<{ name: string }>(
        'select current_user as name, session_user as login',
      )
      const secret = await inside.query('select 1 from auth.users').then(
        () => 'read',
        (error: unknown) => (error as { code: string }).code,
      )
      return { before, after, secret }
    })
    expect(who).toEqual({
      before: { name: 'authenticated' },
      after: { name: 'authenticator', login: 'authenticator' },
      secret: '42501',
    })
  })
})
