// The porch: Electron's events on one side, plain ports on the other. It opens the app and its
// windows, and closes both; it must never know a session or a job.
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
import { onNewWindowKey } from './host/new-window-key.ts'
import { openPorts } from './host/open-ports.ts'
import type { World } from './host/open-ports.ts'
import { windowAddress, windowScheme } from './host/origin.ts'
import { claimSingleInstance } from './host/single-instance.ts'
import { openIpcTrace, readFixedProfiles, useUserDataDir } from './host/start-files.ts'
import { serveWindowFiles } from './host/window-protocol.ts'
import { openWindow } from './host/window.ts'
import { Windows } from './host/windows.ts'

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
  // Whoever asks before the app is ready gets the first window, which is on its way.
  let windows: Windows<BrowserWindow> | null = null
  setMenu(process.platform, { openWindow: () => windows?.openAnother() })
  // Before anything is opened: a second app must not read the keychain or dial (F70).
  if (!claimSingleInstance(() => windows?.bringToFront())) {
    app.exit(0)
    return
  }
  open(line.value, (opened) => (windows = opened)).catch((error: unknown) => {
    leave(error instanceof Error ? error.message : String(error), 1)
  })
}

async function open(
  line: CommandLine,
  onWindows: (windows: Windows<BrowserWindow>) => void,
): Promise<void> {
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
  const windows = createWindows(world, address.url)
  onWindows(windows)
  await windows.open()
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit()
  })
  app.on('activate', () => {
    if (windows.size === 0) windows.openAnother()
  })
}

function createWindows({ ports, log, admit }: World, url: string): Windows<BrowserWindow> {
  const own = log.child('window')
  const windows = new Windows<BrowserWindow>((beside, enlist) => {
    return openWindow({
      url,
      preload: join(import.meta.dirname, '../preload/index.cjs'),
      files: ports.files,
      clock: ports.clock,
      log: own,
      beside,
      admit: (opened) => {
        enlist(opened)
        admit(opened)
        if (process.platform === 'darwin') return
        onNewWindowKey(opened.webContents, () => windows.openAnother())
      },
    })
  }, own)
  return windows
}

/** Says why on stderr and is gone before a window could open. */
function leave(sentence: string, exitCode: number): void {
  process.stderr.write(`signalbox: ${sentence}\n`)
  app.exit(exitCode)
}

start()
