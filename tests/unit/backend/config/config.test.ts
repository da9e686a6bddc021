import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../../src/backend/config.ts'
import { ConfigError } from '../../../../src/backend/config-error.ts'
import type { Environment } from '../../../../src/backend/config-environment.ts'

const secret = 'a-secret-of-at-least-thirty-two-bytes'

function parse(toml: string, env: Environment = {}, args: readonly string[] = []) {
  return parseConfig({
    args: ['--config', 'config.toml', '--data', '/data', ...args],
    env,
    readFile: () => toml,
  })
}

function refusal(run: () => unknown): string {
  try {
    run()
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

describe('the configuration', () => {
  it('has the Supabase CLI’s defaults, and signs with a key pair', () => {
    const { config, notes } = parseConfig({
      args: ['--data', '/data'],
      env: {},
      readFile: () => '',
    })
    expect(config).toMatchObject({
      port: 54_321,
      databasePort: 54_322,
      dataDir: '/data',
      reset: false,
      followParent: false,
      load: null,
      auth: {
        jwtSecret: null,
        tokenLifetimeSeconds: 3_600,
        rotateRefreshTokens: true,
        reuseIntervalSeconds: 10,
        allowSignUp: true,
        minimumPasswordLength: 6,
      },
      tokens: { issuedElsewhere: null, tenantClaim: 'app_metadata.tenant_id', leewaySeconds: 30 },
    })
    expect(notes).toEqual([])
  })

  it('takes the keys of the CLI’s config.toml', () => {
    const { config } = parse(`
      [api]
      port = 55000
      [db]
      port = 55001
      [auth]
      jwt_secret = "${secret}"
      jwt_expiry = 1800
      enable_signup = false
      enable_refresh_token_rotation = false
      refresh_token_reuse_interval = 3
      minimum_password_length = 12`)
    expect(config.port).toBe(55_000)
    expect(config.databasePort).toBe(55_001)
    expect(config.auth).toMatchObject({
      jwtSecret: secret,
      tokenLifetimeSeconds: 1_800,
      rotateRefreshTokens: false,
      reuseIntervalSeconds: 3,
      allowSignUp: false,
      minimumPasswordLength: 12,
    })
  })

  it('tolerates keys that mean nothing here, and says so', () => {
    const { notes } = parse(`
      project_id = "demo"
      [auth]
      site_url = "http://127.0.0.1:3000"
      [studio]
      enabled = true`)
    expect(notes).toEqual(['--config: not used here: project_id, studio'])
  })

  it('lets a flag win over the file, and a variable over the file', () => {
    const env = { SUPABASE_JWT_SECRET: `${secret}-of-the-variable` }
    const { config } = parse(`[api]\nport = 55000\n[auth]\njwt_secret = "${secret}"`, env, [
      '--port',
      '0',
    ])
    expect(config.port).toBe(0)
    expect(config.auth.jwtSecret).toBe(`${secret}-of-the-variable`)
  })

  it('takes a secret from the variable that the file names', () => {
    const toml = '[auth]\njwt_secret = "env(MY_SECRET)"'
    expect(parse(toml, { MY_SECRET: secret }).config.auth.jwtSecret).toBe(secret)
    expect(refusal(() => parse(toml))).toContain('MY_SECRET, which is not set')
  })

  it('trusts another project by its JWKS when it is told to', () => {
    const { config } = parse(`
      [signalbox]
      algorithm = "RS256"
      jwks_url = "https://ref.supabase.co/auth/v1/.well-known/jwks.json"
      tenant_claim = "app_metadata.org"
      leeway_seconds = 5`)
    expect(config.tokens).toEqual({
      issuedElsewhere: {
        algorithm: 'RS256',
        jwks: new URL('https://ref.supabase.co/auth/v1/.well-known/jwks.json'),
      },
      tenantClaim: 'app_metadata.org',
      leewaySeconds: 5,
    })
  })

  it('reads the load', () => {
    expect(parse('', {}, ['--load', 'jobs=200,rate=5000']).config.load).toEqual({
      jobs: 200,
      rate: 5_000,
    })
  })
})

describe('a configuration that cannot work is refused by name', () => {
  it.each([
    ['an empty secret', '[auth]\njwt_secret = ""', 'auth.jwt_secret is set, but empty'],
    ['a short secret', '[auth]\njwt_secret = "short"', 'auth.jwt_secret is shorter than 32 bytes'],
    [
      'HS256 without a secret or JWKS',
      '[signalbox]\nalgorithm = "HS256"',
      'set SUPABASE_JWT_SECRET or auth.jwt_secret, or signalbox.jwks_url',
    ],
    ['RS256 without JWKS', '[signalbox]\nalgorithm = "RS256"', 'needs signalbox.jwks_url'],
    ['no algorithm at all', '[signalbox]\nalgorithm = "none"', 'signalbox.algorithm is wrong'],
    [
      'HS256 with JWKS',
      `[auth]\njwt_secret = "${secret}"\n[signalbox]\njwks_url = "https://x.test/jwks"`,
      'signalbox.jwks_url lists public keys',
    ],
    [
      'a JWKS that is no address',
      '[signalbox]\njwks_url = "jwks.json"',
      'signalbox.jwks_url is not',
    ],
    ['a lifetime of 0', '[auth]\njwt_expiry = 0', 'auth.jwt_expiry is wrong'],
    ['a lifetime that is no number', '[auth]\njwt_expiry = "1h"', 'auth.jwt_expiry is wrong'],
    ['a port that is none', '[api]\nport = 70000', 'api.port is wrong'],
    ['a file that is no TOML', '[auth\n', '--config: line 1 is not TOML'],
    ['a publishable key as secret', '[auth]\njwt_secret = "sb_publishable_x"', 'a publishable key'],
    ['a secret API key as secret', '[auth]\njwt_secret = "sb_secret_x"', 'a secret API key'],
  ])('%s', (_what, toml, sentence) => {
    expect(refusal(() => parse(toml))).toContain(sentence)
  })

  it('an anon or service key as the secret, without repeating it', async () => {
    for (const role of ['anon', 'service_role']) {
      const key = await keyOf(role)
      const message = refusal(() => parse('', { SUPABASE_JWT_SECRET: key }))
      expect(message).toContain(`SUPABASE_JWT_SECRET holds the ${role} key`)
      expect(message).not.toContain(key)
    }
  })

  it('an empty variable, even where the file has a secret', () => {
    const message = refusal(() =>
      parse(`[auth]\njwt_secret = "${secret}"`, { SUPABASE_JWT_SECRET: '' }),
    )
    expect(message).toContain('SUPABASE_JWT_SECRET is set, but empty')
  })

  it.each([
    [['--port', '99999'], '--port'],
    [['--port', 'http'], '--port'],
    [['--db-port', 'x'], '--db-port'],
    [['--token-file', 'x'], '--token-file belongs to --check'],
    [['--load', 'jobs=0,rate=5'], '--load'],
    [['--load', 'many'], '--load'],
    [['--data', ''], '--data'],
    [['--colour'], '--colour'],
    [['stray'], 'stray'],
  ])('the flags %j', (args, name) => {
    const parseFlags = () => parseConfig({ args, env: {}, readFile: () => '' })
    expect(refusal(parseFlags)).toContain(name)
  })

  it('a file that is not there', () => {
    const parseFlags = () =>
      parseConfig({
        args: ['--config', '/nowhere.toml'],
        env: {},
        readFile: () => {
          throw new Error('ENOENT')
        },
      })
    expect(refusal(parseFlags)).toBe('--config: the file /nowhere.toml cannot be read')
  })
})
