import { spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './runtime.ts'
import { say, secondsSince } from './say.ts'

const sources = ['src/main', 'src/preload', 'src/renderer', 'src/shared', 'resources']
const single = ['electron.vite.config.ts', 'package.json', 'package-lock.json']
const bundles = ['out/main/index.cjs', 'out/preload/index.cjs', 'out/renderer/index.html']
const stamp = join(root, 'out/.built')

function newestBelow(folder: string): number {
  if (!existsSync(folder)) return 0
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const times = names.map((name) => statSync(join(folder, name)).mtimeMs)
  return Math.max(0, statSync(folder).mtimeMs, ...times)
}

/** True when any source is newer than the last finished build, or a bundle is missing. */
function isStale(): boolean {
  if (![...bundles, 'out/.built'].every((path) => existsSync(join(root, path)))) return true
  const times = [
    ...sources.map((path) => newestBelow(join(root, path))),
    ...single.map((path) => statSync(join(root, path)).mtimeMs),
  ]
  return Math.max(...times) > statSync(stamp).mtimeMs
}

/** Brings the bundles in `out/` up to date. Needs no Electron binary. */
export async function buildIfStale(): Promise<void> {
  if (!isStale()) return
  // A source saved while the build runs makes it stale again.
  const begun = new Date()
  const begin = performance.now()
  say('building the app …')
  const cli = join(root, 'node_modules/electron-vite/bin/electron-vite.js')
  const child = spawn(process.execPath, [cli, 'build'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  }
  const code = await new Promise((resolve) => child.once('exit', resolve))
  if (code !== 0) throw new Error(`the build failed:\n${output.trim()}`)
  writeFileSync(stamp, '')
  utimesSync(stamp, begun, begun)
  say(`building the app: done in ${secondsSince(begin)}`)
}
