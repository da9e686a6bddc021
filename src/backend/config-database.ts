import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { checkServerIdentity, type ConnectionOptions } from 'node:tls'
import type { Environment } from './config-environment.ts'
import { ConfigError } from './config-error.ts'
import type { Connection } from './database/database.ts'

const name = 'DATABASE_URL'
const form = 'postgresql://USER:PASSWORD@HOST:5432/postgres'
const transactionPoolerPort = 6_543
const modes = ['disable', 'require', 'verify-ca', 'verify-full'] as const
type TlsMode = (typeof modes)[number]

/** A PostgreSQL of the operator's; null is the embedded one. @throws ConfigError, without the password */
export function readDatabaseUrl(
  env: Environment,
  readFile: (path: string) => string,
): Connection | null {
  const text = env[name]
  if (text === undefined || text === '') {
    if (env.DATABASE_CA_FILE === undefined || env.DATABASE_CA_FILE === '') return null
    throw new ConfigError(`DATABASE_CA_FILE is set, but ${name} is not`)
  }
  const url = parseUrl(text)
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  refusePooling(url)
  const [user, password] = [decode(url.username), decode(url.password)]
  if (user === '') throw new ConfigError(`${name} names no user: write it as ${form}`)
  if (password === '') throw new ConfigError(`${name} has no password: write it as ${form}`)
  return {
    host,
    port: url.port === '' ? 5_432 : Number(url.port),
    user,
    password,
    database: decode(url.pathname.slice(1)) || 'postgres',
    ssl: chooseTls({ host, mode: readMode(url, host), ca: readAuthority(env, readFile) }),
  }
}

function parseUrl(text: string): URL {
  const [scheme = ''] = text.split('://')
  if (/^postgres(?:ql)?\+\w+$/.test(scheme)) {
    throw new ConfigError(
      `${name} begins with ${scheme}://, which is SQLAlchemy's: begin it with postgresql://`,
    )
  }
  const url = URL.parse(text)
  if (url === null || !/^postgres(?:ql)?:$/.test(url.protocol) || url.hostname === '') {
    throw new ConfigError(
      `${name} is not of the form ${form}; characters such as @ : / # ? in the password are written as %40 %3A %2F %23 %3F`,
    )
  }
  return url
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new ConfigError(`${name} has a % that begins no code: write it as %25`)
  }
}

/** Its connections change under us: `LISTEN` and everything else that belongs to a session is lost. */
function refusePooling(url: URL): void {
  const pooled = Number(url.port) === transactionPoolerPort
  if (!pooled && url.searchParams.get('pgbouncer') !== 'true') return
  throw new ConfigError(
    `${name} points at the pooler in transaction mode, where LISTEN does not work: take the session pooler (port 5432 of the same host) or the direct connection`,
  )
}

/** Without a word on TLS: none to this machine, and a proven server everywhere else. */
function readMode(url: URL, host: string): TlsMode {
  const word = url.searchParams.get('sslmode')
  if (word === null) return isLoopback(host) ? 'disable' : 'verify-full'
  const mode = modes.find((each) => each === word)
  if (mode === undefined) {
    throw new ConfigError(`${name} has an sslmode that is none of ${modes.join(', ')}`)
  }
  return mode
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

function readAuthority(env: Environment, readFile: (path: string) => string): string | null {
  const path = env.DATABASE_CA_FILE
  if (path === undefined || path === '') return null
  let text: string
  try {
    text = readFile(path)
  } catch {
    throw new ConfigError(`DATABASE_CA_FILE: the file ${path} cannot be read`)
  }
  try {
    new X509Certificate(text)
  } catch {
    throw new ConfigError(`DATABASE_CA_FILE: ${path} holds no certificate in PEM form`)
  }
  return text
}

interface TlsChoice {
  readonly host: string
  readonly mode: TlsMode
  readonly ca: string | null
}

/** As libpq has it: `require` encrypts, and verifies as well where a CA is given. */
function chooseTls({ host, mode, ca }: TlsChoice): false | ConnectionOptions {
  if (mode === 'disable') return false
  const trust = ca === null ? {} : { ca }
  if (mode === 'require' && ca === null) return { rejectUnauthorized: false }
  if (mode !== 'verify-full') return { ...trust, checkServerIdentity: () => undefined }
  // Node would compare with `localhost` where the host is an address.
  return {
    ...trust,
    checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
  }
}
