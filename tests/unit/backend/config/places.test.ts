import { SignJWT, exportJWK, generateKeyPair, type JWK } from 'jose'
import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../../src/backend/config.ts'
import type { Environment } from '../../../../src/backend/config-environment.ts'
import { ConfigError } from '../../../../src/backend/config-error.ts'
import { defaultBridge } from '../../../../src/backend/gateway/session-bridge/grant.ts'

const secret = 'a-secret-of-at-least-thirty-two-bytes'
const url = 'https://ref.supabase.co'
const server = 'postgresql://postgres:s3cr3t@db.ref.supabase.co:5432/postgres'
const project = { SUPABASE_URL: url, DATABASE_URL: server }

function parse(env: Environment, files: Readonly<Record<string, string>> = {}) {
  const readFile = (path: string): string => {
    const text = files[path]
    if (text === undefined) throw new Error('ENOENT')
    return text
  }
  const config = files['/etc/config.toml'] === undefined ? [] : ['--config', '/etc/config.toml']
  return parseConfig({ args: ['--data', '/data', ...config], env, readFile }).config
}

function refusal(env: Environment, files: Readonly<Record<string, string>> = {}): string {
  try {
    parse(env, files)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('nothing was refused')
}

const keyOf = (role: string): Promise<string> =>
  new SignJWT({ role, iss: 'supabase' })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(secret))

describe('a database of the operator’s', () => {
  it('is read from its address, with what is percent-encoded in it', () => {
    const { database } = parse({
      DATABASE_URL: 'postgres://postgres.ref:p%40ss%2Fw@aws-0-eu.pooler.supabase.com/postgres',
    })
    expect(database).toMatchObject({
      host: 'aws-0-eu.pooler.supabase.com',
      port: 5_432,
      user: 'postgres.ref',
      password: 'p@ss/w',
      database: 'postgres',
    })
  })

  it('is proven by TLS unless it is this machine or is told otherwise', () => {
    const ssl = (text: string) => parse({ DATABASE_URL: text }).database?.ssl
    expect(ssl('postgresql://a:b@localhost/x')).toBe(false)
    expect(ssl('postgresql://a:b@[::1]/x')).toBe(false)
    expect(ssl(server)).not.toHaveProperty('rejectUnauthorized')
    expect(ssl(`${server}?sslmode=require`)).toEqual({ rejectUnauthorized: false })
    expect(ssl(`${server}?sslmode=disable`)).toBe(false)
  })

  it.each([
    ['no address', 'db.ref.supabase.co', 'is not of the form postgresql://'],
    ['another server', 'mysql://a:b@host/x', 'is not of the form postgresql://'],
    ['SQLAlchemy’s form', 'postgresql+asyncpg://a:b@host/x', 'begin it with postgresql://'],
    ['no password', 'postgresql://a@host/x', 'has no password'],
    ['no user', 'postgresql://host/x', 'names no user'],
    ['a stray %', 'postgresql://a:50%@host/x', 'write it as %25'],
    ['an sslmode that falls back', 'postgresql://a:b@host/x?sslmode=prefer', 'none of disable'],
    ['the transaction pooler', 'postgresql://a:b@host:6543/x', 'LISTEN does not work'],
    ['pgbouncer', 'postgresql://a:b@host/x?pgbouncer=true', 'LISTEN does not work'],
  ])('is refused: %s', (_what, text, sentence) => {
    const message = refusal({ DATABASE_URL: text })
    expect(message).toContain('DATABASE_URL')
    expect(message).toContain(sentence)
  })

  it('is not emptied by --reset', () => {
    const parseReset = () =>
      parseConfig({
        args: ['--data', '/data', '--reset'],
        env: { DATABASE_URL: server },
        readFile: () => '',
      })
    expect(parseReset).toThrow('--reset empties the data folder')
  })

  it('is refused when its CA file is missing, is no certificate, or belongs to nothing', () => {
    const env = { DATABASE_URL: server, DATABASE_CA_FILE: '/ca.crt' }
    expect(refusal(env)).toBe('DATABASE_CA_FILE: the file /ca.crt cannot be read')
    expect(refusal(env, { '/ca.crt': 'hello' })).toContain('no certificate in PEM form')
    expect(refusal({ DATABASE_CA_FILE: '/ca.crt' })).toContain('DATABASE_URL is not')
  })
})

describe('the gateway alone', () => {
  it('is run by naming the project, with its JWKS, and without jobs', () => {
    const config = parse({ ...project, HOST: '0.0.0.0', PORT: '8080', TENANT_CLAIM: 'org' })
    expect(config).toMatchObject({ host: '0.0.0.0', port: 8_080, jobs: false })
    expect(config.tokens.tenantClaim).toBe('org')
    expect(config.project).toEqual({
      url,
      serviceKey: null,
      keys: { algorithm: 'ES256', jwks: new URL(`${url}/auth/v1/.well-known/jwks.json`) },
    })
  })

  it('believes the legacy secret where one is given, and takes a service key', async () => {
    const key = await keyOf('service_role')
    const env = { ...project, SUPABASE_JWT_SECRET: secret, SUPABASE_SERVICE_ROLE_KEY: key }
    expect(parse(env).project).toEqual({
      url,
      serviceKey: key,
      keys: { algorithm: 'HS256', secret },
    })
  })

  it('is not run where the whole backend is asked for by name', () => {
    const config = parse({ ...project, SIGNALBOX_MODE: 'whole' })
    expect(config.project).toBeNull()
    expect(config).toMatchObject({ host: '127.0.0.1', port: 54_321, jobs: true })
  })

  it.each<[string, Environment, string]>([
    ['no database', { SUPABASE_URL: url }, 'DATABASE_URL is not set'],
    [
      'nothing to check tokens with',
      { SIGNALBOX_MODE: 'gateway', DATABASE_URL: server },
      'nothing to check tokens with',
    ],
    ['no such mode', { SIGNALBOX_MODE: 'alone' }, 'SIGNALBOX_MODE is neither'],
    ['a project that is no address', { ...project, SUPABASE_URL: 'ref' }, 'SUPABASE_URL is not an'],
    ['one service', { ...project, SUPABASE_URL: `${url}/auth/v1` }, 'leave out /auth/v1'],
    ['a short secret', { ...project, SUPABASE_JWT_SECRET: 'short' }, 'shorter than 32 bytes'],
    ['an empty secret', { ...project, SUPABASE_JWT_SECRET: '' }, 'is set, but empty'],
    [
      'a publishable key as the secret',
      { ...project, SUPABASE_JWT_SECRET: 'sb_publishable_x' },
      'holds a publishable key',
    ],
    [
      'two ways to sign',
      { ...project, SUPABASE_JWT_SECRET: secret, SUPABASE_JWKS_URL: url },
      'leave one of them out',
    ],
    ['a JWKS that is no address', { ...project, SUPABASE_JWKS_URL: 'x' }, 'SUPABASE_JWKS_URL is'],
    ['none', { ...project, SUPABASE_JWT_ALGORITHM: 'none' }, 'SUPABASE_JWT_ALGORITHM is neither'],
    [
      'a publishable key as the service key',
      { ...project, SUPABASE_SECRET_KEY: 'sb_publishable_x' },
      'SUPABASE_SECRET_KEY holds a publishable key',
    ],
    ['a port that is none', { ...project, PORT: '99999' }, 'PORT is not a port'],
    ['a host that is none', { ...project, HOST: 'a b' }, 'HOST is not an address'],
    ['another store than Redis', { REDIS_URL: 'http://x' }, 'REDIS_URL is not of the form'],
    ['more than an origin', { PUBLIC_URL: 'https://x.test/path' }, 'PUBLIC_URL is more than'],
    ['a site that is none', { ALLOWED_ORIGINS: 'https://a.test,b' }, 'ALLOWED_ORIGINS is not an'],
    ['a page', { ALLOWED_ORIGINS: 'https://a.test/x' }, 'ALLOWED_ORIGINS holds more than origins'],
    ['a short token', { METRICS_TOKEN: 'short' }, 'METRICS_TOKEN is shorter than 16'],
    ['a proxy by number', { BEHIND_PROXY: '1' }, 'BEHIND_PROXY is neither on nor off'],
    ['neither on nor off', { SIGNALBOX_JOBS: 'yes' }, 'SIGNALBOX_JOBS is neither on nor off'],
  ])('is refused by name: %s', (_what, env, sentence) => {
    expect(refusal(env)).toContain(sentence)
  })

  it('takes no load: that is of sample jobs', () => {
    const args = ['--load', 'jobs=1,rate=1']
    const parseIt = () => parseConfig({ args, env: project, readFile: () => '' })
    expect(parseIt).toThrow('--load drives sample jobs, and none are made over a project')
  })

  it('is refused with the anon key as the service key, without repeating it', async () => {
    const key = await keyOf('anon')
    const message = refusal({ ...project, SUPABASE_SERVICE_ROLE_KEY: key })
    expect(message).toContain('SUPABASE_SERVICE_ROLE_KEY holds the anon key')
    expect(message).not.toContain(key)
  })
})

describe('a list of signing keys', () => {
  const toml = '[auth]\nsigning_keys_path = "./keys.json"'
  const withKeys = (text: string) => ({ '/etc/config.toml': toml, '/etc/keys.json': text })

  async function key(kid: string, alg = 'ES256'): Promise<JWK> {
    const { privateKey } = await generateKeyPair(alg, { extractable: true })
    return { ...(await exportJWK(privateKey)), kid, alg }
  }

  it('lies beside the configuration file', async () => {
    const keys = [await key('a'), await key('b', 'RS256')]
    const { auth } = parse({}, withKeys(JSON.stringify(keys)))
    expect(auth.signingKeys).toEqual(keys)
  })

  it('is refused when it is missing, empty, public, doubled or short', async () => {
    const one = await key('a')
    expect(refusal({}, { '/etc/config.toml': toml })).toContain('keys.json cannot be read')
    expect(refusal({}, withKeys('{'))).toContain('is not JSON')
    expect(refusal({}, withKeys('[]'))).toContain('auth.signing_keys_path')
    const known = Object.fromEntries(Object.entries(one).filter(([name]) => name !== 'd'))
    expect(refusal({}, withKeys(JSON.stringify([one, known])))).toContain('at key 2, "d"')
    expect(refusal({}, withKeys(JSON.stringify([one, one])))).toContain('the same kid')
    const short = [{ kty: 'oct', alg: 'HS256', kid: 's', k: 'c2hvcnQ' }]
    expect(refusal({}, withKeys(JSON.stringify(short)))).toContain('shorter than 32 bytes')
  })
})

describe('a variable that the file names', () => {
  it('stands wherever a text stands, and is missed by name', () => {
    const files = {
      '/etc/config.toml':
        '[auth]\nsite_url = "env(SITE)"\nadditional_redirect_urls = ["env(OTHER)"]',
    }
    const { auth } = parse({ SITE: 'https://a.test', OTHER: 'https://b.test' }, files)
    expect(auth).toMatchObject({ siteUrl: 'https://a.test', redirectUrls: ['https://b.test'] })
    expect(refusal({ SITE: 'https://a.test' }, files)).toBe(
      'auth.additional_redirect_urls takes OTHER, which is not set',
    )
  })
})

describe('limits of Realtime', () => {
  const at = (toml: string) => ({ '/etc/config.toml': `[signalbox.realtime]\n${toml}` })

  it('are set by name, and else as the real server has them', () => {
    const { realtime } = parse({}, at('channels_per_connection = 7\nframe_bytes = 4096'))
    expect(realtime.limits).toEqual({ channelsPerConnection: 7, frameBytes: 4_096 })
    expect(parse({}).realtime.limits).toEqual({})
  })

  it('are refused when they are not known, or no number', () => {
    expect(refusal({}, at('chanels = 7'))).toMatch(/signalbox\.realtime is wrong: .*chanels/)
    expect(refusal({}, at('frame_bytes = "4k"'))).toContain('signalbox.realtime.frame_bytes is')
  })
})

describe('what browsers and proxies are trusted with', () => {
  it('is nobody’s, for lifetimes as the bridge has them, unless something is said', () => {
    expect(parse({}).gateway).toEqual({
      behindProxy: false,
      metricsToken: null,
      allowedOrigins: [],
      bridge: defaultBridge,
    })
  })

  it('is said by the file, or by variables', () => {
    const files = {
      '/etc/config.toml':
        '[signalbox.gateway]\nsession_lifetime = 60\nallowed_origins = ["https://a.test"]',
    }
    expect(parse({}, files).gateway).toMatchObject({
      allowedOrigins: ['https://a.test'],
      bridge: { ...defaultBridge, lifetimeSeconds: 60 },
    })
    const env = { BEHIND_PROXY: 'on', ALLOWED_ORIGINS: 'https://b.test/, http://c.test:3000' }
    expect(parse(env, files).gateway).toMatchObject({
      behindProxy: true,
      allowedOrigins: ['https://b.test', 'http://c.test:3000'],
    })
  })
})
