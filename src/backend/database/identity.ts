import { chmod, chown, cp, lstat, mkdir, rename, rm, stat, symlink } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import type { Binaries } from './binaries.ts'
import { run, type Command } from './run.ts'

/**
 * As whom PostgreSQL runs. It refuses root, so for root it is put into a user namespace, or, where
 * those are forbidden, handed to an unprivileged user.
 */
export interface Identity {
  readonly binaries: Binaries
  /** Said on stderr; null when there is nothing to say. */
  readonly note: string | null
  command: (program: string, args: readonly string[]) => Command
  /** Where the cluster may live, given where it should: the chosen user must be able to reach it. */
  place: (dir: string) => Promise<string>
  /** Hands over a file or folder that we made. */
  give: (path: string) => Promise<void>
}

export type IdentityKind = 'auto' | 'namespace' | 'user'

const namespace = ['--user', '--map-user=1000', '--map-group=1000']
/** Ends PostgreSQL when we are killed; util-linux on Linux only. */
const dieWithParent = ['--pdeathsig', 'INT']
/** Only root writes here; used where the wanted places are closed to other users. */
const sharedHome = '/var/lib/signalbox'

export async function chooseIdentity(
  binaries: Binaries,
  wanted: IdentityKind = 'auto',
): Promise<Identity> {
  if (process.getuid?.() !== 0) return ours(binaries)
  if (wanted !== 'user' && (await works('unshare', [...namespace, 'true']))) {
    return namespaced(binaries)
  }
  if (wanted === 'namespace') throw new Error('user namespaces are not allowed on this machine')
  return unprivileged(binaries)
}

async function works(program: string, args: readonly string[]): Promise<boolean> {
  return (await run({ program, args, identity: null })).code === 0
}

const stay = (dir: string): Promise<string> => Promise.resolve(dir)
const keep = (): Promise<void> => Promise.resolve()

async function guard(): Promise<readonly string[]> {
  const able = process.platform === 'linux' && (await works('setpriv', [...dieWithParent, 'true']))
  return able ? ['setpriv', ...dieWithParent] : []
}

function prefixed(prefix: readonly string[], identity: Command['identity']): Identity['command'] {
  return (program, args) => {
    const [first = program, ...rest] = [...prefix, program, ...args]
    return { program: first, args: rest, identity }
  }
}

async function ours(binaries: Binaries): Promise<Identity> {
  const command = prefixed(await guard(), null)
  return { binaries, note: null, command, place: stay, give: keep }
}

async function namespaced(binaries: Binaries): Promise<Identity> {
  const command = prefixed(['unshare', ...namespace, ...(await guard())], null)
  const note = 'running as root: PostgreSQL runs in a user namespace'
  return { binaries, note, command, place: stay, give: keep }
}

async function unprivileged(binaries: Binaries): Promise<Identity> {
  const identity = await findUser()
  const give = (path: string): Promise<void> => chown(path, identity.uid, identity.gid)
  const may = async (test: string, path: string): Promise<boolean> =>
    (await run({ program: 'test', args: [test, path], identity })).code === 0
  const readable = (await may('-x', binaries.postgres)) ? binaries : await copyBinaries(binaries)
  return {
    binaries: readable,
    note: `running as root without user namespaces: PostgreSQL runs as uid ${identity.uid} from ${readable.home}`,
    command: prefixed(await guard(), identity),
    give,
    place: async (dir) => {
      if (await may('-x', dirname(dir))) return dir
      const name = createHash('sha256').update(dir).digest('hex').slice(0, 16)
      await mkdir(join(sharedHome, `data-${name}`), { recursive: true, mode: 0o755 })
      await give(join(sharedHome, `data-${name}`))
      const place = join(sharedHome, `data-${name}`, 'db')
      await leaveSign(dir, place)
      return place
    },
  }
}

/** The folder that was asked for says where its database really is. */
async function leaveSign(dir: string, place: string): Promise<void> {
  const there = await lstat(dir).catch(() => null)
  if (there?.isDirectory() === true) {
    throw new Error(`${dir} was made where user namespaces were allowed; they are not allowed here`)
  }
  await rm(dir, { force: true })
  await symlink(place, dir)
}

async function findUser(): Promise<{ uid: number; gid: number }> {
  for (const name of ['postgres', 'nobody']) {
    const [user, group] = await Promise.all(
      ['-u', '-g'].map((flag) => run({ program: 'id', args: [flag, name], identity: null })),
    )
    if (user?.code === 0 && group?.code === 0) {
      return { uid: Number(user.output), gid: Number(group.output) }
    }
  }
  throw new Error('PostgreSQL refuses root, and there is no user "postgres" or "nobody" to run it')
}

async function copyBinaries(binaries: Binaries): Promise<Binaries> {
  const home = join(sharedHome, `postgres-${binaries.version}`)
  const there = await stat(home).catch(() => null)
  if (there === null) {
    const unfinished = `${home}.${process.pid}`
    await mkdir(sharedHome, { recursive: true, mode: 0o755 })
    await cp(binaries.home, unfinished, { recursive: true, verbatimSymlinks: true })
    await chmod(unfinished, 0o755)
    // Another backend may have finished first; its copy is as good.
    await rename(unfinished, home).catch(() => rm(unfinished, { recursive: true, force: true }))
  }
  const at = (path: string): string => path.replace(binaries.home, home)
  const { initdb, postgres, pg_ctl } = binaries
  return { ...binaries, initdb: at(initdb), postgres: at(postgres), pg_ctl: at(pg_ctl), home }
}
