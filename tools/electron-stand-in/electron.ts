import { Browser } from './browser/browser.ts'
import { ProtocolTable } from './browser/protocol-table.ts'
import { App, type AppManifest } from './api/app.ts'
import { BrowserWindow } from './api/browser-window.ts'
import type { House } from './api/house.ts'
import { IpcMain } from './api/ipc-main.ts'
import { Theme } from './api/native-theme.ts'
import * as system from './api/system.ts'
import type { WebContents } from './api/web-contents.ts'
import { guard } from './unsupported.ts'

/** What `require('electron')` gives in the main process, and the two handles that start.ts needs. */
export function createElectron(manifest: AppManifest): {
  electron: object
  app: App
  browser: Browser
} {
  const browser = new Browser()
  const table = new ProtocolTable()
  const app = new App(manifest, browser, table)
  const ipcMain = new IpcMain()
  const theme = new Theme()
  const protocol = guard('protocol', table)
  const session = system.createSession(table, protocol)
  const contents = new Map<number, WebContents>()
  const windows = new Map<number, BrowserWindow>()
  const house: House = { app, browser, table, ipcMain, theme, session, windows, contents }
  BrowserWindow.settleIn(house)

  const find = (matches: (each: WebContents) => boolean): WebContents | undefined =>
    [...contents.values()].find(matches)
  const webContents = {
    fromId: (id: number) => contents.get(id),
    fromDevToolsTargetId: (targetId: string) => find((each) => each.targetId === targetId),
    getAllWebContents: () => [...contents.values()],
    getFocusedWebContents: () => BrowserWindow.getFocusedWindow()?.webContents ?? null,
  }
  const { clipboard, crashReporter, dialog, Menu, net, Notification, powerMonitor, screen, shell } =
    system
  const electron = {
    app: guard('app', app, { absent: ['dock'] }),
    BrowserWindow: guard('BrowserWindow', BrowserWindow, { bind: false }),
    clipboard: guard('clipboard', clipboard),
    crashReporter: guard('crashReporter', crashReporter),
    dialog: guard('dialog', dialog),
    ipcMain: guard('ipcMain', ipcMain),
    Menu: guard('Menu', Menu, { bind: false }),
    nativeTheme: guard('nativeTheme', theme),
    net: guard('net', net),
    Notification: guard('Notification', Notification),
    powerMonitor: guard('powerMonitor', powerMonitor),
    protocol,
    screen,
    session: guard('session', { defaultSession: session, fromPartition: () => session }),
    shell: guard('shell', shell),
    webContents: guard('webContents', webContents),
  }
  return { electron: guard('electron', electron, { bind: false }), app, browser }
}
