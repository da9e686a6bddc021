// The porch: Electron's events on one side, plain ports on the other. It opens the app and one
// window, and closes both; it must never know a session or a job.
import { app, protocol, session } from 'electron'
import type { BrowserWindow } from 'electron'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { createApp } from './app.ts'
import { parseCommandLine } from './command-line.ts'
import type { CommandLine } from './command-line.ts'
import { describeApp } from './host/about.ts'
import { closeBeforeQuit } from './host/closing.ts'
import { hardenApp, hardenSession } from './host/hardening.ts'
import { setMenu } from './host/menu.ts'
import { openPorts } from './host/open-ports.ts'
import type { World } from './host/open-ports.ts'
import { windowAddress, windowScheme } from './host/origin.ts'
import { claimSingleInstance } from './host/single-instance.ts'
import { openIpcTrace, readFixedProfiles, useUserDataDir } from './host/start-files.ts'
import { serveWindowFiles } from './host/window-protocol.ts'
import { openWindow } from './host/window.ts'

let window: BrowserWindow | null = null

function start(): void {
  const line = parseCommandLine(process.argv.slice(1))
  if (!line.ok) {
    leave(line.failure.message, 2)
    return
  }
  const folder = useUserDataDir(line.value)
  if (!folder.ok) {
    leave(folder.failure.message, 2)
    return
  }
  if (folder.value !== null) app.setPath('userData', folder.value)
  protocol.registerSchemesAsPrivileged([
    {
      scheme: windowScheme,
      privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
    },
  ])
  app.enableSandbox()
  hardenApp(app)
  setMenu(process.platform)
  // Before anything is opened: a second app must not read the keychain or dial (F70).
  if (!claimSingleInstance(() => window)) {
    app.exit(0)
    return
  }
  open(line.value).catch((error: unknown) => {
    leave(error instanceof Error ? error.message : String(error), 1)
  })
}

async function open(line: CommandLine): Promise<void> {
  const profiles = await readFixedProfiles(line)
  if (!profiles.ok) {
    leave(profiles.failure.message, 2)
    return
  }
  const trace = openIpcTrace(line)
  if (!trace.ok) {
    leave(trace.failure.message, 2)
    return
  }
  await app.whenReady()
  const address = windowAddress({
    isPackaged: app.isPackaged,
    devServer: process.env.ELECTRON_RENDERER_URL,
  })
  const world = await openPorts({ origin: address.origin, ipcTrace: trace.value })
  const { ports, log } = world
  hardenSession(session.defaultSession)
  protocol.handle(windowScheme, serveWindowFiles(join(import.meta.dirname, '../renderer')))
  const signalbox = createApp({
    ports,
    about: describeApp(),
    fixedProfiles: profiles.value,
    log,
    newId: randomUUID,
  })
  closeBeforeQuit(() => signalbox.close().finally(world.close))
  await signalbox.start()
  await showWindow(world, address.url)
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit()
  })
  app.on('activate', () => {
    if (window === null) void showWindow(world, address.url)
  })
}

async function showWindow({ ports, log, admit }: World, url: string): Promise<void> {
  window = await openWindow({
    url,
    preload: join(import.meta.dirname, '../preload/index.cjs'),
    files: ports.files,
    clock: ports.clock,
    log: log.child('window'),
    admit: (opened) => {
      window = opened
      opened.once('closed', () => {
        window = null
      })
      admit(opened)
    },
  })
}

/** Says why on stderr and is gone before a window could open. */
function leave(sentence: string, exitCode: number): void {
  process.stderr.write(`signalbox: ${sentence}\n`)
  app.exit(exitCode)
}

start()
