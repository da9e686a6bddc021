import type { CommandLine } from '../api/command-line.ts'
import type { CdpSession, Protocol } from './cdp.ts'
import { Chromium } from './chromium.ts'

type TargetInfo = Protocol.Target.TargetInfo

export interface BrowserOptions {
  readonly userData: string
  readonly commandLine: CommandLine
  readonly size: { readonly width: number; readonly height: number }
}

/** A page of Chromium that belongs to one of the app's windows. */
export interface Target {
  readonly id: string
  readonly session: CdpSession
}

/** The running Chromium and its pages. */
export class Browser {
  /** True when a person sees the windows: there is a display, and nobody asked for none. */
  readonly visible =
    Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY) &&
    !process.env.CI &&
    process.env.ELECTRON_STAND_IN_HEADLESS !== '1'
  #chromium: Chromium | null = null
  readonly #own = new Map<string, () => void>()
  /** Ids being created: their first event may come before the answer to the command. */
  #creating = 0

  get running(): boolean {
    return this.#chromium !== null
  }

  async start(options: BrowserOptions): Promise<Chromium> {
    const chromium = new Chromium({ ...options, visible: this.visible })
    this.#chromium = chromium
    const { root } = chromium.cdp
    root.on('Target.targetDestroyed', ({ targetId }) => this.#forget(targetId))
    root.on('Target.targetCreated', ({ targetInfo }) => this.#refuse(targetInfo))
    const ready = root.send('Target.setDiscoverTargets', { discover: true })
    await Promise.race([
      ready,
      chromium.exited.then((code) => {
        const lines = chromium.lastLines.join('\n')
        throw new Error(`Chromium ended at once with code ${code}\n${lines}`)
      }),
    ])
    return chromium
  }

  async open(size: { width: number; height: number }, gone: () => void): Promise<Target> {
    const { cdp } = this.#must()
    this.#creating += 1
    const id =
      (await this.#takeStartPage()) ??
      (await cdp.root.send('Target.createTarget', { url: 'about:blank', newWindow: true, ...size }))
        .targetId
    this.#own.set(id, gone)
    this.#creating -= 1
    const { sessionId } = await cdp.root.send('Target.attachToTarget', {
      targetId: id,
      flatten: true,
    })
    return { id, session: cdp.session(sessionId) }
  }

  closeTarget(targetId: string): void {
    this.#chromium?.cdp.root.tell('Target.closeTarget', { targetId })
  }

  async version(): Promise<string> {
    const { product } = await this.#must().cdp.root.send('Browser.getVersion')
    return product.split('/')[1] ?? product
  }

  async setBounds(targetId: string, bounds: Protocol.Browser.Bounds): Promise<void> {
    const { root } = this.#must().cdp
    const { windowId } = await root.send('Browser.getWindowForTarget', { targetId })
    await root.send('Browser.setWindowBounds', { windowId, bounds })
  }

  async close(): Promise<void> {
    await this.#chromium?.close()
    this.#chromium = null
  }

  kill(): void {
    this.#chromium?.kill()
  }

  /** The window that `--app` opened at start becomes the app's first one. */
  async #takeStartPage(): Promise<string | null> {
    if (!this.visible || this.#own.size > 0 || this.#creating > 1) return null
    const { targetInfos } = await this.#must().cdp.root.send('Target.getTargets')
    return targetInfos.find((info) => info.type === 'page')?.targetId ?? null
  }

  #forget(targetId: string): void {
    const gone = this.#own.get(targetId)
    this.#own.delete(targetId)
    gone?.()
  }

  /** A page that one of ours opened: new windows are never allowed. */
  #refuse(info: TargetInfo): void {
    if (info.openerId !== undefined && this.#own.has(info.openerId)) this.closeTarget(info.targetId)
  }

  #must(): Chromium {
    if (this.#chromium === null) throw new Error('the app is not ready: Chromium is not running')
    return this.#chromium
  }
}
