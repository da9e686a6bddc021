// One window: how it is made, shown, remembered and brought back after a crash. It must never
// know what is inside it, and nothing that happens to it touches a connection.
import { BrowserWindow, nativeTheme, screen } from 'electron'
import type { Log } from '../lib/log.ts'
import type { Clock, Files } from '../ports.ts'
import { cascade, smallest, readBounds, writeBounds } from './window-bounds.ts'
import type { Bounds } from './window-bounds.ts'

export interface WindowOptions {
  readonly url: string
  readonly preload: string
  readonly files: Files
  readonly clock: Clock
  readonly log: Log
  /** Where the window stands that this one is opened beside; null for the first one. */
  readonly beside: Bounds | null
  /** Before the page loads, so that its first call finds its window known. */
  readonly admit: (window: BrowserWindow) => void
}

/** The colour behind the page before it paints: `bg` of the look. */
const background = (): string => (nativeTheme.shouldUseDarkColors ? '#101418' : '#f4f6f7')

export async function openWindow(options: WindowOptions): Promise<BrowserWindow> {
  const screens = screen.getAllDisplays().map((display) => display.workArea)
  const { beside, files } = options
  const window = new BrowserWindow({
    ...(beside === null ? await readBounds(files, screens) : cascade(beside, screens)),
    minWidth: smallest.width,
    minHeight: smallest.height,
    title: 'Signalbox',
    show: false,
    backgroundColor: background(),
    autoHideMenuBar: true,
    webPreferences: {
      preload: options.preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      webSecurity: true,
      spellcheck: false,
      disableBlinkFeatures: 'Auxclick',
    },
  })
  options.admit(window)
  window.once('ready-to-show', () => window.show())
  rememberBounds(window, options)
  reloadAfterCrash(window, options)
  await window.loadURL(options.url)
  return window
}

function rememberBounds(window: BrowserWindow, { files, log }: WindowOptions): void {
  window.on('close', () => {
    writeBounds(files, window.getNormalBounds()).catch((error: unknown) => {
      log.warn('window bounds not kept', { error: String(error) })
    })
  })
}

const crashWindowMs = 60_000
const mostCrashes = 5

/** Reloads a page whose process died; a page that keeps dying is left alone and logged. */
function reloadAfterCrash(window: BrowserWindow, { clock, log }: WindowOptions): void {
  let crashes: readonly number[] = []
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit' || window.isDestroyed()) return
    const now = clock.monotonic()
    crashes = [...crashes.filter((at) => now - at < crashWindowMs), now]
    log.error('the window process is gone', { reason, crashes: crashes.length })
    if (crashes.length <= mostCrashes) window.webContents.reload()
  })
}
