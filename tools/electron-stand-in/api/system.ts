import { EventEmitter } from 'node:events'
import type { ProtocolTable } from '../browser/protocol-table.ts'
import { guard, StandInUnsupported } from '../unsupported.ts'

/** The small parts: each does what a window without a desktop can do, or says that it cannot. */

export const net = { isOnline: (): boolean => true }

export const powerMonitor = new EventEmitter()

export const shell = {
  openExternal(url: string): Promise<never> {
    return Promise.reject(new StandInUnsupported(`shell.openExternal("${url}")`))
  },
}

let clipboardText = ''
export const clipboard = {
  writeText(text: string): Promise<void> {
    clipboardText = text
    return Promise.resolve()
  },
  readText: (): Promise<string> => Promise.resolve(clipboardText),
}

export const dialog = {
  showErrorBox(title: string, content: string): void {
    process.stderr.write(`${title}: ${content}\n`)
  },
}

export const crashReporter = { start(): void {} }

const display = {
  id: 1,
  scaleFactor: 1,
  bounds: { x: 0, y: 0, width: 1920, height: 1080 },
  workArea: { x: 0, y: 0, width: 1920, height: 1080 },
  size: { width: 1920, height: 1080 },
  workAreaSize: { width: 1920, height: 1080 },
}
export const screen = guard(
  'screen',
  Object.assign(new EventEmitter(), {
    getPrimaryDisplay: () => display,
    getAllDisplays: () => [display],
    getDisplayMatching: () => display,
  }),
)

export const Notification = { isSupported: (): boolean => false }

/** Menus have no place to be shown; they are kept, so that code which builds them runs. */
export class Menu {
  static #application: Menu | null = null
  readonly items: unknown[]

  constructor(items: unknown[] = []) {
    this.items = items
  }

  static buildFromTemplate(template: unknown[]): Menu {
    return new Menu(template)
  }

  static setApplicationMenu(menu: Menu | null): void {
    Menu.#application = menu
  }

  static getApplicationMenu(): Menu | null {
    return Menu.#application
  }

  append(item: unknown): void {
    this.items.push(item)
  }
}

type WebRequestListener<L> = [L] | [unknown, L]

const lastOf = <L>(values: WebRequestListener<L | null>): L | null => values.at(-1) as L | null

/** `session.defaultSession`: permissions are always denied, whatever the handlers would say. */
export function createSession(table: ProtocolTable, protocol: object): object {
  type Before = NonNullable<ProtocolTable['beforeRequest']>
  type Received = NonNullable<ProtocolTable['headersReceived']>
  const done = (): Promise<void> => Promise.resolve()
  const session = Object.assign(new EventEmitter(), {
    protocol,
    setPermissionRequestHandler() {},
    setPermissionCheckHandler() {},
    setDevicePermissionHandler() {},
    setDisplayMediaRequestHandler() {},
    setUSBProtectedClassesHandler() {},
    setSpellCheckerEnabled() {},
    // One run, one empty browser profile: nothing outlives the process.
    clearStorageData: done,
    clearCache: done,
    clearData: done,
    clearAuthCache: done,
    clearHostResolverCache: done,
    closeAllConnections: done,
    flushStorageData() {},
    isPersistent: () => false,
    // There is no proxy: what main opens goes out from Node itself.
    resolveProxy: () => Promise.resolve('DIRECT'),
    webRequest: guard('session.webRequest', {
      onBeforeRequest(...values: WebRequestListener<Before | null>) {
        table.beforeRequest = lastOf(values)
      },
      onHeadersReceived(...values: WebRequestListener<Received | null>) {
        table.headersReceived = lastOf(values)
      },
    }),
  })
  return guard('session', session)
}
