import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { say, step, excerpt } from './say.mjs'

const isProgram = (name) =>
  [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/bin', '/bin'].some(
    (folder) => {
      try {
        accessSync(join(folder, name), constants.X_OK)
        return true
      } catch {
        return false
      }
    },
  )

function isLibrary(name) {
  const places = ['/usr/lib', '/usr/lib64', '/lib', '/lib64', '/usr/local/lib']
  const below = ['/usr/lib', '/lib'].flatMap((place) =>
    existsSync(place)
      ? readdirSync(place)
          .filter((each) => each.includes('-linux-'))
          .map((each) => join(place, each))
      : [],
  )
  return [...places, ...below].some((place) => existsSync(join(place, name)))
}

function hasFonts(folder = '/usr/share/fonts', depth = 0) {
  if (depth > 4 || !existsSync(folder)) return false
  return readdirSync(folder, { withFileTypes: true }).some((each) =>
    each.isDirectory()
      ? hasFonts(join(folder, each.name), depth + 1)
      : /\.(ttf|otf|pfb|ttc)$/i.test(each.name),
  )
}

/** What the app and its tests need of the system, and the Debian packages that bring it. */
const needs = [
  {
    packages: ['chromium'],
    isThere: () =>
      ['chromium', 'chromium-browser', 'google-chrome'].some(isProgram) || hasElectron(),
  },
  { packages: ['xvfb'], isThere: () => isProgram('Xvfb') },
  { packages: ['dbus'], isThere: () => isProgram('dbus-daemon') && isProgram('dbus-send') },
  { packages: ['gnome-keyring'], isThere: () => isProgram('gnome-keyring-daemon') },
  { packages: ['libsecret-tools'], isThere: () => isProgram('secret-tool') },
  { packages: ['libsecret-1-0'], isThere: () => isLibrary('libsecret-1.so.0') },
  { packages: ['fonts-liberation', 'fonts-dejavu-core'], isThere: () => hasFonts() },
  // Certificates and black holes of the tests' own.
  { packages: ['openssl'], isThere: () => isProgram('openssl'), only: ['test', 'faults'] },
  { packages: ['iproute2'], isThere: () => isProgram('ip'), only: ['test', 'faults'] },
  // Tests and benches start their own; the system's service is not used.
  { packages: ['redis-server'], isThere: () => isProgram('redis-server'), only: ['test', 'bench'] },
  { packages: ['postgresql-client'], isThere: () => isProgram('psql'), only: ['test', 'bench'] },
]

const hasElectron = () => existsSync('node_modules/electron/dist/electron')

function isDebian() {
  if (!existsSync('/etc/os-release')) return false
  const words = /^ID(?:_LIKE)?=(.*)$/gm
  const text = readFileSync('/etc/os-release', 'utf8')
  const isNamed = [...text.matchAll(words)].some(([, value]) => /\bdebian\b/.test(value))
  return isNamed && isProgram('apt-get')
}

/** How to run a program as root without being asked for a password; null when there is no way. */
function asRoot() {
  if (process.getuid() === 0) return []
  if (!isProgram('sudo')) return null
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? ['sudo', '-n'] : null
}

function apt(prefix, args) {
  const setting = 'DEBIAN_FRONTEND=noninteractive'
  const [program, ...rest] = [...prefix, 'env', setting, 'apt-get', ...args]
  return spawnSync(program, rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Installs what a script lacks where that needs no question; otherwise says what to install. */
export function ensureSystemTools(script) {
  if (process.platform !== 'linux') return
  const wanted = needs.filter(({ only }) => only === undefined || only.includes(script))
  const missing = () =>
    wanted.filter(({ isThere }) => !isThere()).flatMap(({ packages }) => packages)
  const packages = missing()
  if (packages.length === 0) return
  const names = packages.join(' ')
  const prefix = isDebian() ? asRoot() : null
  if (prefix === null) {
    const command = isDebian() ? 'sudo apt-get install ' : 'your system\u2019s packages of: '
    say(`please install what is missing: ${command}${names}`)
    return
  }
  step('reading the package lists', () => apt(prefix, ['update', '-q']))
  const result = step(`installing ${names}`, () =>
    apt(prefix, ['install', '-y', '-q', '--no-install-recommends', ...packages]),
  )
  const left = missing()
  if (left.length > 0) say(`still missing: ${left.join(' ')}\n${excerpt(result)}`)
}
