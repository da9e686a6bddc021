import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import type { ClusterOptions } from './cluster.ts'
import { applicationName } from './pool.ts'

const patienceMs = 8_000
const pauseMs = 50

type Folder = Pick<ClusterOptions, 'dir' | 'password' | 'log'>
type Finding = 'gone' | 'starting-or-stopping' | 'in-use' | 'orphan'

/**
 * A backend that was killed may leave its PostgreSQL running. The server is asked itself, so that a
 * process number used again is never taken for it: ours, with no backend connected, is taken down.
 */
export async function takeDownOrphan(folder: Folder): Promise<void> {
  const deadline = Date.now() + patienceMs
  let asked = false
  for (;;) {
    const pid = await postmasterPid(folder.dir)
    if (pid === null || !isRunning(pid)) return
    const finding = await look(folder, pid)
    if (finding === 'gone') return
    if (finding === 'orphan' && !asked) {
      folder.log.info('taking down the PostgreSQL of a backend that was killed', { pid })
      process.kill(pid, 'SIGINT')
      asked = true
    }
    if (Date.now() > deadline) {
      throw new Error(
        finding === 'in-use'
          ? `the data folder ${folder.dir} is in use by another backend`
          : `PostgreSQL (process ${pid}) holds the data folder ${folder.dir} and does not answer`,
      )
    }
    // A killed backend's connections take a moment to be noticed; another living one stays.
    if (finding === 'in-use' && Date.now() > deadline - patienceMs + 1_000) {
      throw new Error(`the data folder ${folder.dir} is in use by another backend`)
    }
    await wait(pauseMs)
  }
}

async function postmaster(dir: string): Promise<string[] | null> {
  const text = await readFile(join(dir, 'postmaster.pid'), 'utf8').catch(() => null)
  return text === null ? null : text.split('\n')
}

async function postmasterPid(dir: string): Promise<number | null> {
  const pid = Number((await postmaster(dir))?.[0])
  return Number.isInteger(pid) && pid > 0 ? pid : null
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

async function look({ dir, password }: Folder, pid: number): Promise<Finding> {
  const port = Number((await postmaster(dir))?.[3])
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password,
    database: 'postgres',
    connectionTimeoutMillis: 1_000,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ dir: string; backends: number }>(
      `select current_setting('data_directory') as dir,
        (select count(*)::int from pg_stat_activity where application_name = $1) as backends`,
      [applicationName],
    )
    const [row] = rows
    if (row?.dir !== dir) return await strangerHoldsPid(dir, pid)
    return row.backends > 0 ? 'in-use' : 'orphan'
  } catch {
    return await strangerHoldsPid(dir, pid)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** PostgreSQL itself refuses to start while any process has the number in its old lock file. */
async function strangerHoldsPid(dir: string, pid: number): Promise<Finding> {
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => null)
  if (name === null || name.trim() === 'postgres') return 'starting-or-stopping'
  await rm(join(dir, 'postmaster.pid'), { force: true })
  return 'gone'
}
