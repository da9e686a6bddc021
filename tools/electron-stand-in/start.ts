/*
 * The entry of the stand-in: makes the process look like Electron's main process, runs the app's
 * main bundle, then starts Chromium. Everything on stderr that Playwright waits for is Node's and
 * Chromium's own.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import type { AppManifest } from './api/app.ts'
import type { Browser } from './browser/browser.ts'
import { createElectron } from './electron.ts'

const version = readFileSync(new URL('version', import.meta.url), 'utf8').trim()

interface Line {
  /** Folder or file of the app. */
  readonly app: string
  /** `-r FILE`, which Playwright uses for its loader. */
  readonly preloads: readonly string[]
}

function readLine(args: readonly string[]): Line {
  const preloads: string[] = []
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? ''
    if (arg === '-r' || arg === '--require') {
      at += 1
      preloads.push(resolve(args[at] ?? ''))
    } else if (!arg.startsWith('-')) return { app: resolve(arg), preloads }
  }
  throw new Error('stand-in: which app? Give the folder of one, as in `electron .`')
}

/** The main file of an app, and what its package.json says of it. */
function readApp(path: string): { main: string; manifest: AppManifest } {
  const isFolder = existsSync(path) && statSync(path).isDirectory()
  const folder = isFolder ? path : dirname(path)
  const packageFile = join(folder, 'package.json')
  const text = existsSync(packageFile) ? readFileSync(packageFile, 'utf8') : '{}'
  const facts = JSON.parse(text) as Partial<
    Record<'name' | 'productName' | 'version' | 'main', string>
  >
  const manifest = {
    folder,
    name: facts.productName ?? facts.name ?? 'Electron',
    version: facts.version ?? version,
  }
  return { main: isFolder ? join(folder, facts.main ?? 'index.js') : path, manifest }
}

function dressProcess(): void {
  const exe = process.env.ELECTRON_STAND_IN_EXE ?? process.execPath
  process.argv = [exe, ...process.argv.slice(2)]
  const define = (name: string, value: unknown): void => {
    Object.defineProperty(process, name, { value, configurable: true, enumerable: true })
  }
  define('versions', { ...process.versions, electron: version, chrome: '' })
  define('type', 'browser')
  define('defaultApp', true)
  define('resourcesPath', dirname(exe))
}

/** `electron` is this object, however it is imported. */
function provideElectron(electron: object): void {
  Object.defineProperty(globalThis, Symbol.for('electron-stand-in'), { value: electron })
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== 'electron' && specifier !== 'electron/main') return next(specifier, context)
      return { url: 'stand-in:electron', format: 'commonjs', shortCircuit: true }
    },
    load(url, context, next) {
      if (url !== 'stand-in:electron') return next(url, context)
      const source = "module.exports = globalThis[Symbol.for('electron-stand-in')]"
      return { format: 'commonjs', source, shortCircuit: true }
    },
  })
}

/** However this process ends, Chromium ends with it; after SIGKILL its pipe closes instead. */
function endTogether(quit: () => void, browser: Browser): void {
  let asked = false
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (asked) process.exit(128)
      asked = true
      quit()
    })
  }
  process.on('exit', () => browser.kill())
}

function run(): void {
  const line = readLine(process.argv.slice(2))
  const { main, manifest } = readApp(line.app)
  dressProcess()
  process.stderr.write(
    `Electron stand-in ${version}: ${manifest.name} runs on Node ${process.versions.node} and the ` +
      'system Chromium, not on Electron. For development and tests only.\n',
  )
  const { electron, app, browser } = createElectron(manifest)
  provideElectron(electron)
  endTogether(() => app.quit(), browser)
  const require = createRequire(main)
  for (const preload of line.preloads) require(preload)
  require(main)
  app.start().catch((error: unknown) => {
    process.stderr.write(`stand-in: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(1)
  })
}

run()
