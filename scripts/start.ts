// `npm start`: bundles up to date, demo backend up, app open; and all of it down again, whichever
// of them ends first.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildIfStale } from './build.ts'
import { demoDataDir, startDemoBackend, type DemoBackend } from './demo-backend.ts'
import { createDemoProfile, writeProfiles } from './demo-profile.ts'
import { openDesktopSession, type DesktopSession } from './desktop-session.ts'
import { leash } from './leash.ts'
import { chooseRuntime, root, runsAsRoot, type Runtime } from './runtime.ts'
import { say, secondsSince, wordsOf } from './say.ts'
import { takeScreenshot } from './screenshot.ts'
import { demoUserDataDir, parseStartOptions, type StartOptions } from './start-options.ts'

/** Settles when somebody wants all of this to end. */
const asked = new Promise<string>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, resolve)
  // The bootstrap that started us is gone.
  process.on('disconnect', () => resolve('disconnect'))
  process.channel?.unref()
})

/** Before the app is there a signal ends everything at once; the children follow us. */
let isOpen = false
void asked.then(() => {
  if (!isOpen) process.exit(130)
})

/** A picture needs a folder of its own: the operator's demo may be open at the same time. */
function chooseUserData(options: StartOptions): { dir: string | null; isTemporary: boolean } {
  if (options.userDataDir !== null) return { dir: options.userDataDir, isTemporary: false }
  if (options.screenshot !== null) {
    return { dir: mkdtempSync(join(tmpdir(), 'signalbox-screenshot-')), isTemporary: true }
  }
  return { dir: options.demo ? demoUserDataDir() : null, isTemporary: false }
}

async function startBackend(userDataDir: string, load: string | null): Promise<DemoBackend> {
  const begin = performance.now()
  say('starting the demo backend …')
  const backend = await startDemoBackend(
    demoDataDir(userDataDir),
    load === null ? [] : ['--load', load],
  )
  say(`starting the demo backend: done in ${secondsSince(begin)} (${backend.ready.gatewayUrl})`)
  return backend
}

/** The app's own line: our profile and folder first, then whatever the operator said. */
function appArguments(
  options: StartOptions,
  userDataDir: string | null,
  backend: DemoBackend | null,
): string[] {
  const { rest, profileFile } = options
  const folder = userDataDir === null ? [] : [`--user-data-dir=${userDataDir}`]
  if (backend === null || userDataDir === null) {
    const profile = profileFile === null ? [] : ['--profile-file', profileFile]
    return [...folder, ...profile, '--no-demo', ...rest]
  }
  const file = writeProfiles(userDataDir, createDemoProfile(backend.ready), profileFile)
  return [...folder, '--profile-file', file, ...rest]
}

interface Run {
  readonly runtime: Runtime
  readonly desktop: DesktopSession
  readonly backend: DemoBackend | null
  readonly args: readonly string[]
}

/** Leaves the window to the operator, until it, the backend or we are to end. */
async function runApp({ runtime, desktop, backend, args }: Run): Promise<number> {
  const app = leash([runtime.executable, ...runtime.switches, root, ...args], {
    env: { ...process.env, ...desktop.env },
    cwd: root,
    output: 'inherit',
  })
  const lost = backend?.lost ?? new Promise<never>(() => {})
  const first = await Promise.race([
    app.ended,
    asked.then(() => null),
    lost.then((words) => {
      say(words)
      return 'lost' as const
    }),
  ])
  if (typeof first === 'number') return first
  await app.end()
  return first === 'lost' ? 1 : 0
}

async function takePicture(run: Run, file: string): Promise<number> {
  const email = run.backend?.ready.users[0]?.email
  if (email === undefined) throw new Error('--screenshot needs the demo: leave out --no-demo')
  const { runtime, desktop, args } = run
  const picture = takeScreenshot({ runtime, env: desktop.env, args, file, email })
  const stopped = asked.then(() => Promise.reject(new Error('stopped before the picture')))
  await Promise.race([picture, stopped])
  say(`wrote ${file}`)
  return 0
}

function describe(runtime: Runtime, desktop: DesktopSession): void {
  say(`running on ${runtime.reason}`)
  if (runsAsRoot()) say('running as root: the sandbox is off (--no-sandbox)')
  for (const note of desktop.notes) say(note)
}

async function main(): Promise<number> {
  const options = parseStartOptions(process.argv.slice(2))
  await using opened = new AsyncDisposableStack()
  const { dir, isTemporary } = chooseUserData(options)
  if (isTemporary && dir !== null) {
    opened.defer(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }))
  }
  const runtime = chooseRuntime(say)
  const wantsDemo = options.demo && dir !== null
  const [backend] = await Promise.all([
    wantsDemo ? startBackend(dir, options.load) : null,
    buildIfStale(),
  ])
  if (backend !== null) opened.defer(() => backend.close())
  // A picture by the stand-in needs no display.
  const display = options.screenshot === null || runtime.kind === 'electron'
  const desktop = await openDesktopSession({ display, keyring: 'missing' })
  opened.defer(() => desktop.close())
  describe(runtime, desktop)
  isOpen = true

  const run = { runtime, desktop, backend, args: appArguments(options, dir, backend) }
  if (options.screenshot !== null) return await takePicture(run, options.screenshot)
  if (desktop.env.DISPLAY !== undefined) {
    say('for a picture of it: npm start -- --screenshot FILE')
  }
  return await runApp(run)
}

try {
  process.exitCode = await main()
} catch (error) {
  say(wordsOf(error))
  process.exitCode = 1
}
process.exit()
