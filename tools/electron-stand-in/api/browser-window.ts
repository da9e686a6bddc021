import { EventEmitter } from 'node:events'
import { guard, StandInUnsupported } from '../unsupported.ts'
import { createEvent } from './events.ts'
import type { Target } from '../browser/browser.ts'
import type { House } from './house.ts'
import type { PreloadMessage } from '../browser/preload-world.ts'
import { WebContents } from './web-contents.ts'

export interface Bounds {
  x: number
  y: number
  width: number
  height: number
}

interface WebPreferences {
  readonly preload?: string
  readonly sandbox?: boolean
  readonly contextIsolation?: boolean
  readonly nodeIntegration?: boolean
  readonly nodeIntegrationInSubFrames?: boolean
  readonly webSecurity?: boolean
  readonly webviewTag?: boolean
  readonly additionalArguments?: readonly string[]
}

export interface WindowOptions extends Partial<Bounds> {
  readonly title?: string
  readonly show?: boolean
  readonly backgroundColor?: string
  readonly webPreferences?: WebPreferences
}

/** Settings that would weaken the window; a person should not believe that they took effect. */
function refuseUnsafe(preferences: WebPreferences): void {
  const unsafe =
    preferences.sandbox === false ||
    preferences.contextIsolation === false ||
    preferences.nodeIntegration === true ||
    preferences.webSecurity === false ||
    preferences.webviewTag === true
  if (unsafe) throw new StandInUnsupported('a window without sandbox, isolation or web security')
}

let lastId = 0
/** Set once by electron.ts: `new BrowserWindow(options)` has no other way to its surroundings. */
let house: House | null = null

export class BrowserWindow extends EventEmitter {
  readonly id: number
  readonly webContents: WebContents
  readonly #house: House
  readonly #self: BrowserWindow
  readonly #contents: WebContents
  #bounds: Bounds
  #title: string
  #visible: boolean
  #minimized = false
  #focused = false
  #destroyed = false
  #changes: Promise<void> = Promise.resolve()

  constructor(options: WindowOptions = {}) {
    super()
    if (house?.browser.running !== true) {
      throw new Error('Cannot create BrowserWindow before app is ready')
    }
    const preferences = options.webPreferences ?? {}
    refuseUnsafe(preferences)
    this.#house = house
    lastId += 1
    this.id = lastId
    const { x = 0, y = 0, width = 800, height = 600 } = options
    this.#bounds = { x, y, width, height }
    this.#title = options.title ?? house.app.getName()
    this.#visible = options.show ?? true
    this.#contents = new WebContents(house, {
      preload: preferences.preload,
      subFrames: preferences.nodeIntegrationInSubFrames ?? false,
      additionalArguments: preferences.additionalArguments ?? [],
      size: { width, height },
    })
    this.webContents = guard('webContents', this.#contents)
    this.#contents.knowAs(this.webContents)
    this.#self = guard('BrowserWindow', this)
    this.#watch()
    house.windows.set(this.id, this.#self)
    house.contents.set(this.webContents.id, this.webContents)
    house.app.emit('web-contents-created', createEvent(), this.webContents)
    house.app.emit('browser-window-created', createEvent(), this.#self)
    return this.#self
  }

  static settleIn(given: House): void {
    house = given
  }

  static getAllWindows(): BrowserWindow[] {
    return [...(house?.windows.values() ?? [])]
  }

  static getFocusedWindow(): BrowserWindow | null {
    return BrowserWindow.getAllWindows().find((window) => window.isFocused()) ?? null
  }

  static fromWebContents(contents: WebContents | null): BrowserWindow | null {
    const all = BrowserWindow.getAllWindows()
    return all.find((window) => window.webContents === contents) ?? null
  }

  static fromId(id: number): BrowserWindow | null {
    return house?.windows.get(id) ?? null
  }

  loadURL(url: string): Promise<void> {
    return this.#contents.loadURL(url)
  }

  reload(): void {
    this.#contents.reload()
  }

  show(): void {
    this.#reveal()
    this.focus()
  }

  showInactive(): void {
    this.#reveal()
  }

  hide(): void {
    if (!this.#visible) return
    this.#visible = false
    this.#setState('minimized')
    this.emit('hide')
  }

  minimize(): void {
    this.#minimized = true
    this.#setState('minimized')
    this.emit('minimize')
  }

  restore(): void {
    if (!this.#minimized) return
    this.#minimized = false
    this.#setState('normal')
    this.emit('restore')
  }

  focus(): void {
    if (this.#focused) return
    this.#focused = true
    void this.#contents.ready.then(({ session }) => session.tell('Page.bringToFront'))
    this.emit('focus')
    this.#house.app.emit('browser-window-focus', createEvent(), this.#self)
  }

  blur(): void {
    if (!this.#focused) return
    this.#focused = false
    this.emit('blur')
  }

  /** Asks `close` listeners first; any of them may prevent it. */
  close(): void {
    if (this.#destroyed) return
    const event = createEvent()
    this.emit('close', event)
    if (!event.defaultPrevented) this.destroy()
  }

  destroy(): void {
    if (this.#destroyed) return
    this.#destroyed = true
    this.#house.windows.delete(this.id)
    this.#contents.destroy()
    this.emit('closed')
    if (this.#house.windows.size === 0) this.#house.app.noteAllClosed()
  }

  isDestroyed(): boolean {
    return this.#destroyed
  }

  isVisible(): boolean {
    return this.#visible
  }

  isMinimized(): boolean {
    return this.#minimized
  }

  isMaximized(): boolean {
    return false
  }

  isFullScreen(): boolean {
    return false
  }

  isFocused(): boolean {
    return this.#focused
  }

  getTitle(): string {
    return this.#title
  }

  setTitle(title: string): void {
    this.#title = title
  }

  setBackgroundColor(): void {}

  setMenuBarVisibility(): void {}

  removeMenu(): void {}

  setMinimumSize(): void {}

  getBounds(): Bounds {
    return { ...this.#bounds }
  }

  getNormalBounds(): Bounds {
    return this.getBounds()
  }

  getSize(): [number, number] {
    return [this.#bounds.width, this.#bounds.height]
  }

  setSize(width: number, height: number): void {
    this.setBounds({ width, height })
  }

  setContentSize(width: number, height: number): void {
    this.setBounds({ width, height })
  }

  setBounds(bounds: Partial<Bounds>): void {
    this.#bounds = { ...this.#bounds, ...bounds }
    this.#applyBounds()
  }

  #applyBounds(): void {
    const bounds = { ...this.#bounds }
    this.#later(async ({ id, session }) => {
      const { browser } = this.#house
      if (browser.visible) return browser.setBounds(id, bounds)
      // A headless window has a frame that nobody sees; the page gets the whole size.
      const { width, height } = bounds
      const metrics = { width, height, deviceScaleFactor: 0, mobile: false }
      await session.send('Emulation.setDeviceMetricsOverride', metrics)
    })
  }

  #reveal(): void {
    if (this.#visible) return
    this.#visible = true
    this.#setState('normal')
    this.emit('show')
  }

  #setState(windowState: 'normal' | 'minimized'): void {
    this.#later(({ id }) => this.#house.browser.setBounds(id, { windowState }))
  }

  /** Window changes happen one after the other, in the order asked for. */
  #later(change: (target: Target) => Promise<void>): void {
    this.#changes = this.#changes
      .then(async () => change(await this.#contents.ready))
      .catch(() => {})
  }

  #watch(): void {
    const contents = this.#contents
    this.#applyBounds()
    if (!this.#visible) this.#setState('minimized')
    contents.once('did-finish-load', () => this.emit('ready-to-show'))
    contents.on('close-requested', () => this.close())
    contents.on('window-changed', (change: PreloadMessage) => this.#follow(change))
    // The operator closed the window itself: `close` is announced, but cannot be prevented.
    contents.on('target-gone', () => {
      if (this.#destroyed) return
      this.emit('close', createEvent())
      this.destroy()
    })
  }

  #follow(change: PreloadMessage): void {
    if (!this.#house.browser.visible) return
    if (change.type === 'resized') {
      this.#bounds = { ...this.#bounds, width: change.width, height: change.height }
      this.emit('resize')
    } else if (change.type === 'visibility' && this.#visible) {
      this.#minimized = !change.visible
      this.emit(change.visible ? 'restore' : 'minimize')
    } else if (change.type === 'focused') this.focus()
    else if (change.type === 'blurred') this.blur()
  }
}
