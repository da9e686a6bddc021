import { EventEmitter } from 'node:events'
import type { Browser } from '../browser/browser.ts'
import type { ProtocolTable } from '../browser/protocol-table.ts'
import { BrowserWindow } from './browser-window.ts'
import { CommandLine } from './command-line.ts'
import { createEvent } from './events.ts'
import { InstanceLock } from './instance-lock.ts'
import { Paths } from './paths.ts'
import { StandInUnsupported, guard } from '../unsupported.ts'

export interface AppManifest {
  readonly folder: string
  readonly name: string
  readonly version: string
}

/** `app`: the life of the process, from ready to quit. */
export class App extends EventEmitter {
  readonly isPackaged = false
  readonly commandLine: CommandLine
  readonly #browser: Browser
  readonly #table: ProtocolTable
  readonly #manifest: AppManifest
  readonly #paths: Paths
  readonly #whenReady = Promise.withResolvers<undefined>()
  #name: string
  #ready = false
  #lock: InstanceLock | null = null
  #quitting = false
  #exiting = false

  constructor(manifest: AppManifest, browser: Browser, table: ProtocolTable) {
    super()
    this.#manifest = manifest
    this.#name = manifest.name
    this.#browser = browser
    this.#table = table
    const switches = new CommandLine(process.argv.slice(1))
    const userData = switches.getSwitchValue('user-data-dir')
    this.commandLine = guard('app.commandLine', switches)
    this.#paths = new Paths(() => this.#name, userData === '' ? null : userData)
  }

  whenReady(): Promise<undefined> {
    return this.#whenReady.promise
  }

  isReady(): boolean {
    return this.#ready
  }

  getName(): string {
    return this.#name
  }

  setName(name: string): void {
    this.#name = name
  }

  getVersion(): string {
    return this.#manifest.version
  }

  getAppPath(): string {
    return this.#manifest.folder
  }

  getLocale(): string {
    return Intl.DateTimeFormat().resolvedOptions().locale
  }

  getPath(name: string): string {
    return this.#paths.get(name)
  }

  setPath(name: string, path: string): void {
    this.#paths.set(name, path)
  }

  enableSandbox(): void {}
  disableHardwareAcceleration(): void {}
  setAppUserModelId(): void {}

  relaunch(): never {
    throw new StandInUnsupported('app.relaunch')
  }

  requestSingleInstanceLock(additionalData: unknown = null): boolean {
    this.#lock ??= new InstanceLock(this.getPath('userData'), (second) => {
      const { argv, workingDirectory } = second
      this.emit('second-instance', createEvent(), argv, workingDirectory, second.additionalData)
    })
    return this.#lock.request({
      argv: process.argv,
      workingDirectory: process.cwd(),
      additionalData,
    })
  }

  hasSingleInstanceLock(): boolean {
    return this.#lock?.held ?? false
  }

  releaseSingleInstanceLock(): void {
    this.#lock?.release()
  }

  /** Starts Chromium, then tells that the app is ready. Called once, after the main bundle ran. */
  async start(): Promise<void> {
    if (this.#exiting) return
    this.#table.closeRegistration()
    try {
      await this.#startBrowser()
    } catch (error) {
      // An app that leaves while Chromium starts takes it down, and that is no failure of starting.
      if (!this.#isExiting()) throw error
    }
    if (this.#isExiting()) return
    this.#ready = true
    // The event comes first: Playwright's loader holds it back, and needs it before the promise.
    this.emit('ready', createEvent(), {})
    this.#whenReady.resolve(undefined)
  }

  /** A method, because leaving may begin while something is awaited. */
  #isExiting(): boolean {
    return this.#exiting
  }

  async #startBrowser(): Promise<void> {
    const userData = this.getPath('userData')
    const size = { width: 1280, height: 800 }
    const chromium = await this.#browser.start({ userData, commandLine: this.commandLine, size })
    void chromium.exited.then(() => this.#noteBrowserGone())
    const versions = { ...process.versions, chrome: await this.#browser.version() }
    Object.defineProperty(process, 'versions', { value: versions })
  }

  /** Windows are asked and may refuse; then `will-quit` may; then the process ends. */
  quit(): void {
    if (this.#exiting || this.#quitting) return
    const before = createEvent()
    this.emit('before-quit', before)
    if (before.defaultPrevented) return
    this.#quitting = true
    for (const window of BrowserWindow.getAllWindows()) {
      window.close()
      if (window.isDestroyed()) continue
      this.#quitting = false
      return
    }
    this.#finishQuit()
  }

  /** Ends at once: no window is asked, and neither `before-quit` nor `will-quit` is told. */
  exit(code = 0): void {
    if (this.#exiting) return
    this.#exiting = true
    for (const window of BrowserWindow.getAllWindows()) window.destroy()
    this.emit('quit', createEvent(), code)
    this.#lock?.release()
    void this.#browser.close().finally(() => process.exit(code))
  }

  /** The last window was closed: told to the app, or its default, which is to quit. */
  noteAllClosed(): void {
    if (this.#exiting) return
    if (this.#quitting) this.#finishQuit()
    else if (!this.emit('window-all-closed')) this.quit()
  }

  focus(): void {
    BrowserWindow.getAllWindows()[0]?.focus()
  }

  #finishQuit(): void {
    if (this.#exiting) return
    const event = createEvent()
    this.emit('will-quit', event)
    if (event.defaultPrevented) this.#quitting = false
    else this.exit(Number(process.exitCode ?? 0))
  }

  /** Chromium is gone: by the last window's close button, or dead. Either way the app ends. */
  #noteBrowserGone(): void {
    if (this.#exiting) return
    const open = BrowserWindow.getAllWindows()
    if (open.length > 0 && !this.#browser.visible) {
      process.stderr.write('stand-in: Chromium ended unexpectedly\n')
      process.exitCode = 1
    }
    for (const window of open) window.destroy()
    if (!this.#quitting) this.quit()
  }
}
