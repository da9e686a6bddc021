import { spawn, type ChildProcess } from 'node:child_process'
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../config-error.ts'
import type { Log } from '../log.ts'
import { findBinaries } from './binaries.ts'
import { chooseIdentity, type Identity, type IdentityKind } from './identity.ts'
import { freePort } from './free-port.ts'
import { takeDownOrphan } from './orphan.ts'
import { postgresEnvironment, run } from './run.ts'

/**
 * Owns one PostgreSQL server over one data folder: made once, started, stopped. It knows nothing
 * of what is inside the database.
 */
export interface Cluster {
  readonly port: number
  readonly pid: number
  /** Settles when the server is gone, wanted or not. */
  readonly ended: Promise<void>
  stop: () => Promise<void>
}

export interface ClusterOptions {
  /** The cluster's own folder; its parent must exist. */
  readonly dir: string
  /** Of the superuser `postgres`. */
  readonly password: string
  /** 0 is any free port. */
  readonly port: number
  /** False only for data that may be thrown away: no fsync. */
  readonly durable: boolean
  /** Starts over: whatever the folder held is lost. */
  readonly fresh: boolean
  readonly identity?: IdentityKind
  /** Server settings instead of ours. */
  readonly settings?: Readonly<Record<string, string>>
  readonly log: Log
}

const fastStopMs = 1_200
const readyWithinMs = 20_000
/** Every refused statement is an ERROR there, and is reported by whoever asked. */
const notable = /\b(?:WARNING|PANIC):|\bFATAL:(?!\s+terminating connection)/

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const identity = await chooseIdentity(await findBinaries(), options.identity)
  if (identity.note !== null) options.log.info(identity.note)
  const dir = await identity.place(options.dir)
  const placed = { ...options, dir }
  if (await exists(join(dir, 'PG_VERSION'))) await takeDownOrphan(placed)
  if (options.fresh) await rm(dir, { recursive: true, force: true })
  if (!(await exists(join(dir, 'PG_VERSION')))) await initialise(placed, identity)
  return start(placed, identity)
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** In a folder aside, renamed when whole: a killed initdb leaves nothing that looks finished. */
async function initialise(options: ClusterOptions, identity: Identity): Promise<void> {
  const unfinished = `${options.dir}.new`
  const passwordFile = join(unfinished, '..', 'initial-password')
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { mode: 0o700 })
  await writeFile(passwordFile, `${options.password}\n`, { mode: 0o600 })
  await Promise.all([identity.give(unfinished), identity.give(passwordFile)])
  const args = [
    `--pgdata=${unfinished}`,
    `--pwfile=${passwordFile}`,
    '--username=postgres',
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
    // Waiting for a busy disk can take seconds; `settleOnDisk` does it while the server runs.
    '--no-sync',
    ...(options.durable ? [] : ['--wal-segsize=1']),
  ]
  const result = await run(identity.command(identity.binaries.initdb, args))
  await rm(passwordFile, { force: true })
  if (result.code !== 0) throw new Error(`initdb failed: ${lastLines(result.output)}`)
  if (options.durable) await writeFile(unsettled(options), '')
  await rename(unfinished, options.dir)
}

/** Stands beside the cluster until all that initdb wrote is known to be on the disk. */
const unsettled = (options: ClusterOptions): string => `${options.dir}.unsettled`

async function settleOnDisk(
  options: ClusterOptions,
  identity: Identity,
  signal: AbortSignal,
): Promise<void> {
  if (!(await exists(unsettled(options)))) return
  const command = identity.command(identity.binaries.initdb, ['--sync-only', '-D', options.dir])
  const result = await run(command, signal)
  if (signal.aborted) return
  if (result.code === 0) await rm(unsettled(options), { force: true })
  else
    options.log.warn('the new cluster could not be synced to disk', {
      why: lastLines(result.output),
    })
}

function settings(options: ClusterOptions, port: number): string[] {
  const values = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    wal_level: 'logical',
    max_connections: 60,
    shared_buffers: '64MB',
    io_method: 'sync',
    max_wal_size: '256MB',
    cluster_name: 'signalbox',
    timezone: 'UTC',
    // The log goes to ours, and a statement may hold a secret.
    log_min_error_statement: 'panic',
    log_min_messages: 'warning',
    ...(options.durable
      ? {}
      : {
          fsync: 'off',
          synchronous_commit: 'off',
          full_page_writes: 'off',
          // Logical decoding reads only what was written; nobody else would write it soon.
          wal_writer_delay: '10ms',
        }),
  }
  return Object.entries({ ...values, ...options.settings }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
}

async function start(options: ClusterOptions, identity: Identity): Promise<Cluster> {
  const port = options.port === 0 ? await freePort() : options.port
  const args = ['-D', options.dir, ...settings(options, port)]
  const command = identity.command(identity.binaries.postgres, args)
  const child = spawn(command.program, command.args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: postgresEnvironment(),
    // Ctrl+C in a terminal reaches the whole process group; the order of stopping is ours.
    detached: process.platform !== 'win32',
    windowsHide: true,
    ...command.identity,
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  await ready(child, options.log)
  const settling = new AbortController()
  const settled = settleOnDisk(options, identity, settling.signal)
  return {
    port,
    pid: child.pid ?? 0,
    ended,
    stop: async () => {
      settling.abort()
      await stop(child, identity, ended)
      await settled
    },
  }
}

/** Resolves at the server's own ready line; rejects with its last words. */
function ready(child: ChildProcess, log: Log): Promise<void> {
  return new Promise((resolve, reject) => {
    let words = ''
    const late = setTimeout(() => {
      child.kill('SIGQUIT')
      reject(new Error(`PostgreSQL was not ready in ${readyWithinMs} ms: ${lastLines(words)}`))
    }, readyWithinMs)
    child.once('error', reject)
    child.once('exit', () => {
      clearTimeout(late)
      reject(explainStart(words))
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      const text = chunk.toString('utf8')
      words = (words + text).slice(-4_000)
      for (const line of text.split('\n')) {
        if (notable.test(line)) log.warn(line)
      }
      if (!words.includes('ready to accept connections')) return
      clearTimeout(late)
      resolve()
    })
  })
}

/** Only a port that is taken can be helped by whoever started us. */
function explainStart(words: string): Error {
  const port = /could not bind IPv4 address.*Address already in use[\s\S]*?port (\d+)/.exec(
    words,
  )?.[1]
  if (port === undefined) return new Error(`PostgreSQL did not start: ${lastLines(words)}`)
  return new ConfigError(
    `--db-port ${port} is in use, perhaps by another PostgreSQL; choose another one, or 0 for any free one`,
  )
}

async function stop(child: ChildProcess, identity: Identity, ended: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  await signal(child, identity, 'INT')
  const harder = setTimeout(() => void signal(child, identity, 'QUIT'), fastStopMs)
  await ended
  clearTimeout(harder)
}

/** Windows has no signals; pg_ctl speaks PostgreSQL's own substitute. */
async function signal(child: ChildProcess, identity: Identity, name: 'INT' | 'QUIT') {
  if (process.platform !== 'win32') child.kill(`SIG${name}`)
  else await run(identity.command(identity.binaries.pg_ctl, ['kill', name, String(child.pid)]))
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-3).join(' · ')
}
