import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { Backend } from '../../../src/backend/backend.ts'
import type { Environment } from '../../../src/backend/config-environment.ts'
import { ConfigError } from '../../../src/backend/config-error.ts'
import { enqueueTranslation } from '../../../src/backend/jobs/job-queue.ts'
import { AuthCaller } from '../../support/auth-caller.ts'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'
import { BridgeCaller } from '../../support/bridge-caller.ts'
import { environmentOf, startGatewayAlone } from '../../support/gateway-alone.ts'
import { untilAsked } from '../../support/until.ts'

const program = join(import.meta.dirname, '../../../src/backend/main.ts')
const jobId = 'alone.job'

let project: TestBackend
const gateways: Backend[] = []
const servers: Server[] = []

beforeAll(async () => {
  project = await startTestBackend({ idle: true })
  await project.database.query(
    `insert into public.jobs (id, name, kind, tenant_id) values ($1, $1, 'import', $2)`,
    [jobId, project.users[0]!.tenantId],
  )
})
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.close()
  for (const server of servers.splice(0)) server.close()
})
afterAll(async () => project.stop())

async function start(env: Environment = environmentOf(project)): Promise<Backend> {
  const gateway = await startGatewayAlone(env)
  gateways.push(gateway)
  return gateway
}

const refusal = (env: Environment): Promise<string> =>
  start(env).then(
    () => 'it started',
    (error: unknown) => {
      if (error instanceof ConfigError) return error.message
      throw error
    },
  )

const ask = async (gateway: { gatewayUrl: string }, path: string, token?: string) => {
  const headers: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` }
  const response = await fetch(`${gateway.gatewayUrl}${path}`, { headers })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

async function watch(gatewayUrl: string, token: string): Promise<WebSocket> {
  const url = `${gatewayUrl.replace('http', 'ws')}/ws/progress/${jobId}`
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } })
  await once(socket, 'message')
  return socket
}

async function closing(socket: WebSocket): Promise<{ code: number; reason: string }> {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
  return { code, reason: reason.toString('utf8') }
}

/** A server whose only answer is this. */
async function answering(body: unknown, status = 200): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`
}

describe('the gateway alone', () => {
  it('takes the sessions of the project, and serves nothing of Supabase', async () => {
    const gateway = await start()
    const { access_token: token } = await new AuthCaller(project).signIn()
    const { status, body } = await ask(gateway, `/api/v1/jobs/${jobId}`, token)
    expect(status).toBe(200)
    expect(body).toMatchObject({ id: jobId })
    expect((await ask(gateway, '/health')).body).toMatchObject({
      status: 'ok',
      database: 'up',
      realtime: 'elsewhere',
    })
    for (const path of ['/auth/v1/health', '/rest/v1/jobs', '/realtime/v1/websocket']) {
      expect((await ask(gateway, path, token)).status).toBe(404)
    }
    expect(existsSync('/nowhere')).toBe(false)
    expect(gateway).toMatchObject({ supabaseUrl: project.supabaseUrl, users: [], secretKey: '' })
  })

  it('closes a socket when its session ends, heard by the trigger', async () => {
    const gateway = await start()
    const auth = new AuthCaller(project)
    const { access_token: token } = await auth.signIn()
    const socket = await watch(gateway.gatewayUrl, token)
    const closed = closing(socket)
    await auth.call('/logout?scope=local', { method: 'POST', token })
    expect(await closed).toEqual({ code: 1008, reason: 'session_revoked' })
  })

  it('says one sentence about a JWKS that is not there, empty, or of another algorithm', async () => {
    const env = environmentOf(project)
    const at = async (url: string, more: Environment = {}): Promise<string> =>
      refusal({ ...env, SUPABASE_JWKS_URL: url, ...more })
    expect(await at('http://127.0.0.1:9/jwks')).toMatch(/SUPABASE_JWKS_URL: .*cannot be reached/)
    expect(await at(await answering({ keys: [] }))).toContain('set SUPABASE_JWT_SECRET')
    expect(await at(await answering({}, 404))).toContain('answers 404')
    expect(await at(await answering('keys'))).toContain('is no JWKS')
    const own = `${project.supabaseUrl}/auth/v1/.well-known/jwks.json`
    expect(await at(own, { SUPABASE_JWT_ALGORITHM: 'RS256' })).toContain(
      'the project signs with ES256, not with RS256',
    )
  })

  it('gives its cookies to TLS only where it listens for everybody', async () => {
    const { access_token: token } = await new AuthCaller(project).signIn()
    const cookiesBy = async (env: Environment): Promise<string> => {
      const { gatewayUrl } = await start({ ...environmentOf(project), ...env })
      const { setCookies } = await new BridgeCaller(gatewayUrl).bridge(token)
      expect(setCookies).toHaveLength(2)
      return setCookies.join()
    }
    expect(await cookiesBy({})).not.toContain('Secure')
    expect(await cookiesBy({ HOST: '0.0.0.0' })).toContain('Secure')
  })

  it('says how the schema gets there where it is not', async () => {
    await project.database.query('create database empty')
    expect(await refusal(environmentOf(project, 'empty'))).toMatch(
      /the schema is not there \(public\.\w+ is missing\): run "supabase db push"/,
    )
  })
})

describe('the gateway alone, told to work on jobs', () => {
  it('brings no sample into the project, and touches no job of anybody else', async () => {
    const { database } = project
    await database.query(
      `insert into public.jobs (id, name, kind, tenant_id, status, worker, started_at, finished_at)
       values ('theirs.running', 'a', 'import', 'customer', 'running', 'their-worker', now(), null),
         ('theirs.old', 'b', 'import', 'customer', 'succeeded', null, now(), now() - interval '9 days')`,
    )
    const order = { document: 'delivery-notes-de.csv', from: 'de', to: 'en' }
    const orderFor = (tenantId: string): Promise<string> =>
      enqueueTranslation(database, { ...order, name: tenantId, tenantId })
    const theirs = await orderFor('customer')
    await start({ ...environmentOf(project), SIGNALBOX_JOBS: 'on' })
    const ours = await orderFor('acme-freight')
    await untilAsked('the sample document is being translated', async () => {
      const [row] = await database.query<{ status: string }>(
        'select status from public.jobs where id = $1',
        [ours],
      )
      return row?.status !== 'queued'
    })
    const [found] = await database.query(
      `select (select count(*)::int from demo.carriers) as carriers,
         (select count(*)::int from public.jobs
          where queue <> 'translation' and id not in ($1, 'theirs.running', 'theirs.old')) as samples,
         (select status from public.jobs where id = 'theirs.running') as running,
         (select status from public.jobs where id = 'theirs.old') as old,
         (select status from public.jobs where id = $2) as waiting`,
      [jobId, theirs],
    )
    expect(found).toEqual({
      carriers: 0,
      samples: 0,
      running: 'running',
      old: 'succeeded',
      waiting: 'queued',
    })
  })

  it('forgets old records of who looked, also where it works on none', async () => {
    const { database } = project
    await database.query(
      `insert into public.audit_log (at, action, result) values (now() - interval '31 days', 'old', 'done')`,
    )
    await start()
    await untilAsked('it is forgotten', async () => {
      const rows = await database.query(`select from public.audit_log where action = 'old'`)
      return rows.length === 0
    })
  })
})

describe('the gateway alone, over a project that allows no trigger', () => {
  beforeAll(() => project.database.query('drop trigger session_ended on auth.sessions'))

  it('closes a socket when its session ends, asked for in sweeps', async () => {
    const gateway = await start()
    const auth = new AuthCaller(project)
    const mine = await auth.signIn()
    const other = await auth.signIn(1)
    const socket = await watch(gateway.gatewayUrl, mine.access_token)
    const kept = await watch(gateway.gatewayUrl, other.access_token)
    const closed = closing(socket)
    await auth.call('/logout?scope=local', { method: 'POST', token: mine.access_token })
    expect(await closed).toEqual({ code: 1008, reason: 'session_revoked' })
    const refused = await ask(gateway, `/api/v1/jobs/${jobId}`, mine.access_token)
    expect(refused).toMatchObject({ status: 401, body: { error: { code: 'session_revoked' } } })
    expect(kept.readyState).toBe(WebSocket.OPEN)
    kept.terminate()
  })
})

describe('the gateway alone as a program', () => {
  it('says goodbye to its sockets when it is asked to stop, and ends with 0', async () => {
    const env = { ...process.env, ...environmentOf(project), PORT: '0' }
    const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const exit = once(child, 'exit')
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
    const { gatewayUrl } = JSON.parse(line) as { gatewayUrl: string }
    const { access_token: token } = await new AuthCaller(project).signIn()
    const closed = closing(await watch(gatewayUrl, token))
    child.kill('SIGTERM')
    expect((await closed).code).toBe(1001)
    expect((await exit)[0]).toBe(0)
  })
})
