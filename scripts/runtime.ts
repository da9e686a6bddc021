// Decides on which Electron everything runs, here and nowhere else: the real one if it is there or
// comes quickly, else the stand-in.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '..')
const electronFolder = join(root, 'node_modules/electron')
const standInFolder = join(root, 'tools/electron-stand-in')
const failedTryFile = join(root, 'node_modules/.cache/signalbox/electron-download-failed')

/** How long a download may take before the stand-in is used instead. */
const downloadLimitMs = 20_000
/** Where there is no stand-in, nothing is won by giving up early. */
const onlyWayLimitMs = 300_000

export interface Runtime {
  readonly kind: 'electron' | 'stand-in'
  readonly executable: string
  /** To be added to the environment of whatever starts the app. */
  readonly env: Readonly<Record<string, string>>
  /** Switches that this computer makes necessary. */
  readonly switches: readonly string[]
  /** Which runtime, and why, in one sentence. */
  readonly reason: string
}

const electronVersion = (): string => readFileSync(join(standInFolder, 'version'), 'utf8').trim()

/** Chromium refuses to sandbox as root, real Electron and stand-in alike. */
export const runsAsRoot = (): boolean => process.platform === 'linux' && process.getuid?.() === 0

function createRuntime(kind: Runtime['kind'], executable: string, reason: string): Runtime {
  return {
    kind,
    executable,
    env: kind === 'stand-in' ? { ELECTRON_OVERRIDE_DIST_PATH: standInFolder } : {},
    switches: runsAsRoot() ? ['--no-sandbox'] : [],
    reason,
  }
}

/** The real Electron, if its files are here already. */
function findElectron(): Runtime | null {
  const asked = process.env.ELECTRON_OVERRIDE_DIST_PATH
  if (asked !== undefined && resolve(asked) !== standInFolder) {
    const name = process.platform === 'win32' ? 'electron.exe' : 'electron'
    return createRuntime('electron', join(asked, name), `Electron from ${asked}`)
  }
  const pathFile = join(electronFolder, 'path.txt')
  if (asked !== undefined || !existsSync(pathFile)) return null
  const executable = join(electronFolder, 'dist', readFileSync(pathFile, 'utf8'))
  if (!existsSync(executable)) return null
  return createRuntime('electron', executable, `Electron ${electronVersion()}`)
}

function createStandIn(why: string): Runtime {
  const reason = `the Electron stand-in (${why}): the same bundles on Node and the system Chromium`
  return createRuntime('stand-in', join(standInFolder, 'electron'), reason)
}

/** The runtime without any download: what is here, else the stand-in. */
export function findRuntime(): Runtime {
  return findElectron() ?? createStandIn(`Electron ${electronVersion()} is not on this computer`)
}

/** True when this Electron could not be had before; `npx install-electron` fetches it by hand. */
function failedBefore(): boolean {
  return existsSync(failedTryFile) && readFileSync(failedTryFile, 'utf8') === electronVersion()
}

/** As `findRuntime`, but tries the download first, once a version. Says what it does. */
export function chooseRuntime(say: (line: string) => void): Runtime {
  const found = findElectron()
  if (found !== null) return found
  const canStandIn = process.platform === 'linux'
  if (process.env.ELECTRON_OVERRIDE_DIST_PATH !== undefined) return createStandIn('as asked')
  if (canStandIn && failedBefore()) {
    return createStandIn('Electron could not be downloaded; `npx install-electron` tries again')
  }

  const limitMs = canStandIn ? downloadLimitMs : onlyWayLimitMs
  say(`downloading Electron ${electronVersion()} (at most ${limitMs / 1_000} s)`)
  const { status } = spawnSync(process.execPath, [join(electronFolder, 'install.js')], {
    timeout: limitMs,
    stdio: 'ignore',
  })
  const downloaded = status === 0 ? findElectron() : null
  if (downloaded !== null) return downloaded
  if (!canStandIn) throw new Error('Electron could not be downloaded: `npx install-electron`')
  mkdirSync(join(failedTryFile, '..'), { recursive: true })
  writeFileSync(failedTryFile, electronVersion())
  return createStandIn('Electron could not be downloaded')
}
