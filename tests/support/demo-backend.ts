import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from '../../scripts/runtime.ts'

/** A demo user as the ready line names them. */
export interface DemoUser {
  readonly email: string
  readonly password: string
  readonly label: string
  readonly tenantId: string
}

/** The real backend in a process of its own, as `npm run backend` starts it. */
export interface DemoBackend {
  /** Auth and gateway share one origin. */
  readonly url: string
  readonly publishableKey: string
  /** Two admins of one tenant. */
  readonly alice: DemoUser
  readonly amir: DemoUser
  /** An admin of another. */
  readonly bea: DemoUser
  /** Holds the keys that it signs with (see token-forge). */
  readonly dataDir: string
  /** Asks the gateway with somebody's token. */
  readonly ask: (path: string, token: string) => Promise<{ status: number; body: unknown }>
  /** Signs in beside the app, and answers the access token. */
  readonly signIn: (user: DemoUser) => Promise<string>
  readonly stop: () => Promise<void>
}

export interface DemoBackendOptions {
  readonly folderPrefix?: string
  /** Seconds that an access token lives. */
  readonly tokenLifetimeSeconds?: number
}

interface Ready {
  readonly supabaseUrl: string
  readonly publishableKey: string
  readonly users: readonly DemoUser[]
}

export async function startDemoBackend(options: DemoBackendOptions = {}): Promise<DemoBackend> {
  const folder = mkdtempSync(join(tmpdir(), options.folderPrefix ?? 'signalbox-e2e-'))
  const dataDir = join(folder, 'data')
  const args = ['src/backend/main.ts', '--port', '0', '--db-port', '0', '--data', dataDir]
  const config = configFile(folder, options)
  const child = spawn(process.execPath, [...args, ...config, '--follow-parent'], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close')
  const { supabaseUrl: url, publishableKey, users } = await readReady(child, ended)
  const userOf = (name: string): DemoUser => users.find(({ email }) => email.startsWith(name))!
  return {
    url,
    publishableKey,
    alice: userOf('alice@'),
    amir: userOf('amir@'),
    bea: userOf('bea@'),
    dataDir,
    ask: (path, token) => ask(url + path, { authorization: `Bearer ${token}` }),
    signIn: (user) => signIn(url, publishableKey, user),
    async stop() {
      child.stdin.end()
      await ended
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

function configFile(folder: string, { tokenLifetimeSeconds }: DemoBackendOptions): string[] {
  if (tokenLifetimeSeconds === undefined) return []
  const path = join(folder, 'config.toml')
  writeFileSync(path, `[auth]\njwt_expiry = ${tokenLifetimeSeconds}\n`)
  return ['--config', path]
}

async function readReady(child: ChildProcess, ended: Promise<unknown>): Promise<Ready> {
  let words = ''
  child.stderr?.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-2_000)))
  const first = once(createInterface({ input: child.stdout! }), 'line') as Promise<[string]>
  const line = await Promise.race([first.then(([text]) => text), ended.then(() => null)])
  if (line === null) throw new Error(`the demo backend did not start:\n${words}`)
  // Whatever it might print later must not fill the pipe.
  child.stdout?.resume()
  return JSON.parse(line) as Ready
}

async function ask(
  url: string,
  headers: Record<string, string>,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, { headers })
  return { status: response.status, body: await response.json() }
}

async function signIn(url: string, apikey: string, user: DemoUser): Promise<string> {
  const { email, password } = user
  const response = await fetch(`${url}/auth/v1/token?grant_type=password`, {
    method: 'POST',
    headers: { apikey, 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
  const { access_token: token } = (await response.json()) as { access_token?: string }
  if (token === undefined) throw new Error(`${email} could not sign in: ${response.status}`)
  return token
}
