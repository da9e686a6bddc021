import type { Browser } from '../browser/browser.ts'
import type { ProtocolTable } from '../browser/protocol-table.ts'
import type { App } from './app.ts'
import type { BrowserWindow } from './browser-window.ts'
import type { IpcMain } from './ipc-main.ts'
import type { Theme } from './native-theme.ts'
import type { WebContents } from './web-contents.ts'

/** What the parts of the stand-in share: one of each, made in electron.ts. */
export interface House {
  readonly app: App
  readonly browser: Browser
  readonly table: ProtocolTable
  readonly ipcMain: IpcMain
  readonly theme: Theme
  readonly session: object
  readonly windows: Map<number, BrowserWindow>
  readonly contents: Map<number, WebContents>
}
