import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'
import type { BackendConfig } from '../config.ts'
import { ConfigError } from '../config-error.ts'
import { readDataFolder, type DataFolder } from '../data-folder.ts'
import { startCluster } from '../database/cluster.ts'
import type { Connection } from '../database/database.ts'
import { connectOnce } from '../database/external.ts'
import type { Log } from '../log.ts'
import { createVerifier, type VerifierKeys } from '../tokens/verifier.ts'
import { openKeys } from '../whole.ts'
import { checkDatabase } from './check-database.ts'
import { checkAuthServer, checkKeys, checkRedis, checkServiceKey } from './check-project.ts'
import { checkToken } from './check-token.ts'
import { fail, pass, skip, type Finding } from './finding.ts'

export interface CheckOptions {
  readonly config: BackendConfig
  /** A session token to judge; null judges none. */
  readonly token: string | null
  readonly log: Log
}

/** What is looked at: a project of somebody else's, or what our data folder holds. */
interface Subject {
  readonly keys: VerifierKeys
  readonly findings: readonly Finding[]
  /** @throws ConfigError where there is no way to it */
  readonly enter: (opened: AsyncDisposableStack) => Promise<Connection>
}

/** Looks at everything that has to be right, changes nothing, and leaves nothing running. */
export async function check(options: CheckOptions): Promise<readonly Finding[]> {
  const { config } = options
  const alone = config.project !== null
  const parsed = pass('configuration', alone ? 'the gateway alone' : 'a Supabase of its own')
  const subject = alone ? await examineProject(config) : await examineOwn(options)
  const redis = await checkRedis(config.redisUrl)
  if (subject === null) {
    const sentence = `${config.dataDir} holds no data yet: run the backend once, or name the folder by --data`
    return [parsed, fail('data folder', sentence), redis]
  }
  await using opened = new AsyncDisposableStack()
  const client = await enter(subject, opened)
  const inside =
    'query' in client ? await checkDatabase(client.query, client.connection) : [client.finding]
  const query = 'query' in client ? client.query : null
  const judged = await judge(options, subject, query)
  return [parsed, ...subject.findings, ...inside, redis, ...judged]
}

async function examineProject({ project, database }: BackendConfig): Promise<Subject> {
  if (project === null || database === null) throw new Error('there is no project')
  const { url, keys, serviceKey } = project
  const of =
    url === null ? [] : [checkAuthServer(url, serviceKey), checkServiceKey(url, serviceKey)]
  return {
    keys,
    findings: await Promise.all([checkKeys(keys), ...of]),
    enter: () => Promise.resolve(database),
  }
}

async function examineOwn({ config, log }: CheckOptions): Promise<Subject | null> {
  const folder = await readDataFolder(config.dataDir)
  if (folder === null) return null
  const { issuer, apiKeys } = await openKeys(config, folder)
  const keys = config.tokens.issuedElsewhere ?? issuer.verifierKeys
  const url = `http://127.0.0.1:${config.port}`
  const answers = config.port !== 0 && (await checkAuthServer(url, apiKeys.secret)).state === 'pass'
  const server = answers
    ? [pass('auth server', `${url} answers`), await checkServiceKey(url, apiKeys.secret)]
    : [skip('auth server', 'the backend does not run on its port now')]
  const { database } = config
  return {
    keys,
    findings: [await checkKeys(keys), ...server],
    enter: (opened) =>
      database === null ? enterOwn(folder, log, opened) : Promise.resolve(database),
  }
}

type Entered =
  { readonly query: pg.Client; readonly connection: Connection } | { readonly finding: Finding }

async function enter(subject: Subject, opened: AsyncDisposableStack): Promise<Entered> {
  try {
    const connection = await subject.enter(opened)
    const client = await connectOnce(connection)
    opened.defer(() => client.end())
    return { query: client, connection }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { finding: fail('database', error.message) }
  }
}

/** The embedded server: as it runs, or else started for the moment. */
async function enterOwn(
  { clusterDir: dir, secrets }: DataFolder,
  log: Log,
  opened: AsyncDisposableStack,
): Promise<Connection> {
  const { databasePassword: password } = secrets
  const at = (port: number): Connection => ({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password,
    database: 'postgres',
    ssl: false,
  })
  const text = await readFile(join(dir, 'postmaster.pid'), 'utf8').catch(() => '')
  const running = Number(text.split('\n')[3])
  if (running > 0) {
    const there = await connectOnce(at(running)).catch(() => null)
    await there?.end()
    if (there !== null) return at(running)
  }
  const cluster = await startCluster({ dir, password, port: 0, durable: true, fresh: false, log })
  opened.defer(() => cluster.stop())
  return at(cluster.port)
}

function judge(
  { config, token }: CheckOptions,
  { keys }: Subject,
  client: pg.Client | null,
): Promise<readonly Finding[]> {
  if (token === null) {
    return Promise.resolve([
      skip('token', 'none was given: --token-file FILE, or - for standard input'),
    ])
  }
  const { tenantClaim, leewaySeconds, issuedElsewhere } = config.tokens
  const sessionAlive = async (id: string): Promise<boolean> => {
    if (issuedElsewhere !== null) return true
    if (client === null) throw new Error('there is no database')
    const { rowCount } = await client.query(
      'select from auth.sessions where id::text = $1 and (not_after is null or not_after > now())',
      [id],
    )
    return rowCount === 1
  }
  return checkToken(token, createVerifier({ keys, tenantClaim, leewaySeconds, sessionAlive }))
}
