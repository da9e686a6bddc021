import { EventEmitter } from 'node:events'
import type { Target } from '../browser/browser.ts'
import { Frames, type Frame } from '../browser/frames.ts'
import {
  encodeDelivery,
  PreloadWorld,
  type PreloadMessage,
  type PreloadOptions,
} from '../browser/preload-world.ts'
import { Traffic } from '../browser/traffic.ts'
import { StandInUnsupported } from '../unsupported.ts'
import { createEvent, createNavigationEvent } from './events.ts'
import type { House } from './house.ts'
import { createIpcEvent } from './ipc-main.ts'
import { bringBack, relayPage } from './page-events.ts'
import { createImage, writeHeapSnapshot, type NativeImage } from './page-output.ts'

export interface OpenDetails {
  readonly url: string
  readonly frameName: string
  readonly features: string
}
type OpenHandler = (details: OpenDetails) => { readonly action: string }

export interface ContentsOptions extends PreloadOptions {
  readonly size: { width: number; height: number }
}

let lastId = 0

/** `WebContents`: one page. Its Chromium target comes up in the background; calls wait for it. */
export class WebContents extends EventEmitter {
  readonly id: number
  readonly session: object
  readonly ready: Promise<Target>
  readonly #house: House
  readonly #frames: Frames
  /** The guarded self, which is what listeners and IPC events are given. */
  #self: WebContents = this
  #target: Target | null = null
  #world: PreloadWorld | null = null
  #traffic: Traffic | null = null
  #openHandler: OpenHandler | null = null
  #destroyed = false
  #crashed = false

  constructor(house: House, options: ContentsOptions) {
    super()
    lastId += 1
    this.id = lastId
    this.#house = house
    this.session = house.session
    this.#frames = new Frames(house.table.schemes, (frame, channel, values) =>
      this.#world?.deliver(frame, encodeDelivery(channel, values)),
    )
    this.ready = this.#attach(options)
    this.ready.catch((error: unknown) => {
      if (!this.#destroyed) process.stderr.write(`stand-in: no page: ${String(error)}\n`)
    })
  }

  knowAs(self: WebContents): void {
    this.#self = self
  }

  get targetId(): string | null {
    return this.#target?.id ?? null
  }

  get mainFrame(): Frame | null {
    return this.#frames.main
  }

  isDestroyed(): boolean {
    return this.#destroyed
  }

  isCrashed(): boolean {
    return this.#crashed
  }

  isLoading(): boolean {
    return this.#traffic !== null && this.#traffic.expected !== null
  }

  getURL(): string {
    const url = this.#frames.main?.url ?? ''
    return url === 'about:blank' ? '' : url
  }

  getTitle(): string {
    return 'Signalbox'
  }

  getType(): string {
    return 'window'
  }

  async loadURL(url: string): Promise<void> {
    const { session } = await this.ready
    const { promise, resolve } = Promise.withResolvers<undefined>()
    this.once('did-finish-load', () => resolve(undefined))
    if (this.#traffic !== null) this.#traffic.expected = url
    const browserUrl = this.#house.table.schemes.toBrowser(url)
    const { errorText } = await session.send('Page.navigate', { url: browserUrl })
    if (errorText === undefined) return promise
    if (errorText !== 'net::ERR_ABORTED') {
      this.emit('did-fail-load', createEvent(), -2, errorText, url, true)
    }
    throw new Error(`${errorText} loading '${url}'`)
  }

  send(channel: string, ...values: unknown[]): void {
    if (this.#destroyed) throw new TypeError('Object has been destroyed')
    // Before the page exists the values are taken, or refused, all the same.
    const text = encodeDelivery(channel, values)
    if (this.#world === null) void this.ready.then(() => this.#deliver(text)).catch(() => {})
    else this.#deliver(text)
  }

  reload(): void {
    this.#crashed = false
    void this.ready.then(({ session }) => session.tell('Page.reload'))
  }

  /** Ends the page; Electron asks `beforeunload` only when told to, and so do we not at all. */
  close(): void {
    this.emit('close-requested')
  }

  forcefullyCrashRenderer(): void {
    void this.ready.then(({ session }) => session.tell('Page.crash'))
  }

  openDevTools(): void {
    throw new StandInUnsupported('webContents.openDevTools')
  }

  isDevToolsOpened(): boolean {
    return false
  }

  setWindowOpenHandler(handler: OpenHandler): void {
    this.#openHandler = handler
  }

  async executeJavaScript(code: string): Promise<unknown> {
    const { session } = await this.ready
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
      expression: code,
      awaitPromise: true,
      returnByValue: true,
    })
    if (exceptionDetails === undefined) return result.value
    throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
  }

  async capturePage(): Promise<NativeImage> {
    const { session } = await this.ready
    const { data } = await session.send('Page.captureScreenshot', { format: 'png' })
    return createImage(Buffer.from(data, 'base64'))
  }

  async takeHeapSnapshot(path: string): Promise<void> {
    const { session } = await this.ready
    await writeHeapSnapshot(session, path)
  }

  /** Called by the window when its page is gone, or must go. */
  destroy(): void {
    if (this.#destroyed) return
    this.#destroyed = true
    if (this.#target !== null) this.#house.browser.closeTarget(this.#target.id)
    else void this.ready.then(({ id }) => this.#house.browser.closeTarget(id)).catch(() => {})
    this.#house.contents.delete(this.id)
    this.emit('destroyed')
  }

  #deliver(text: string): void {
    if (!this.#destroyed) this.#world?.deliver(this.#frames.main, text)
  }

  async #attach(options: ContentsOptions): Promise<Target> {
    const { browser, table, theme } = this.#house
    const target = await browser.open(options.size, () => this.emit('target-gone'))
    const { session } = target
    this.#frames.watch(session)
    const world = new PreloadWorld(session, this.#frames)
    world.onMessage((message, frame, contextId) => this.#hear(message, frame, contextId))
    const traffic = new Traffic(session, this.#frames, {
      table,
      judge: {
        requested: (frame, url) => this.#judge(frame, url, 'will-navigate'),
        redirected: (frame, url) => this.#judge(frame, url, 'will-redirect'),
      },
    })
    this.#listen(target)
    await Promise.all([
      session.send('Page.enable'),
      session.send('Runtime.enable'),
      session.send('Log.enable'),
      session.send('Inspector.enable'),
      session.send('Fetch.enable', { patterns: [{ urlPattern: '*' }] }),
      world.install(options),
    ])
    this.#frames.adopt((await session.send('Page.getFrameTree')).frameTree)
    const follow = (): void =>
      session.tell('Emulation.setEmulatedMedia', { features: [theme.feature] })
    theme.on('changed', follow)
    this.once('destroyed', () => theme.off('changed', follow))
    // Playwright sets its own media emulation when it attaches; the app's choice comes after it.
    this.on('dom-ready', follow)
    this.#world = world
    this.#traffic = traffic
    this.#target = target
    return target
  }

  #listen({ session }: Target): void {
    relayPage(this, session)
    bringBack(session, {
      schemes: this.#house.table.schemes,
      isAllowed: (url) =>
        this.#frames.main === null || !this.#judge(this.#frames.main, url, 'will-navigate'),
      load: (url) => this.loadURL(url),
    })
    session.on('Inspector.targetCrashed', () => {
      this.#crashed = true
      const details = { reason: 'crashed', exitCode: 139 }
      this.emit('render-process-gone', createEvent(), details)
      this.#house.app.emit('render-process-gone', createEvent(), this.#self, details)
    })
    session.on('Page.windowOpen', ({ url, windowName, windowFeatures }) => {
      const features = windowFeatures.join(',')
      this.#open({ url: this.#house.table.schemes.toApp(url), frameName: windowName, features })
    })
  }

  #judge(frame: Frame, url: string, name: 'will-navigate' | 'will-redirect'): boolean {
    const event = createNavigationEvent(frame, url)
    if (name === 'will-navigate') this.emit('will-frame-navigate', event)
    if (event.isMainFrame || name === 'will-redirect') {
      this.emit(name, event, url, false, event.isMainFrame)
    }
    return event.defaultPrevented
  }

  #open(details: OpenDetails): void {
    const { action } = this.#openHandler?.(details) ?? { action: 'deny' }
    if (action !== 'deny') throw new StandInUnsupported(`window.open with the action "${action}"`)
  }

  #hear(message: PreloadMessage, frame: Frame, contextId: number): void {
    const { ipcMain, theme } = this.#house
    switch (message.type) {
      case 'invoke': {
        const event = createIpcEvent(this.#self, frame)
        const answered = ipcMain.answer(message.channel, event, message.values)
        void answered.then((answer) =>
          this.#world?.answer(contextId, { id: message.id, ...answer }),
        )
        return
      }
      case 'send':
        ipcMain.emit(message.channel, createIpcEvent(this.#self, frame), ...message.values)
        return
      case 'open':
        this.#open({ ...message, url: this.#house.table.schemes.toApp(message.url) })
        return
      case 'scheme':
        theme.learn(message.dark)
        return
      case 'preload-error':
        process.stderr.write(`Unable to load preload script: ${String(message.error)}\n`)
        this.emit('preload-error', createEvent(), '', message.error)
        return
      case 'input':
        // Told when the page has the key already: too late to keep it away.
        this.emit('before-input-event', createEvent(), message.input)
        return
      case 'resized':
      case 'visibility':
      case 'focused':
      case 'blurred':
        this.emit('window-changed', message)
    }
  }
}
