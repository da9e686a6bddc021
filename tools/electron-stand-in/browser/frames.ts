import type { CdpSession, Protocol } from './cdp.ts'
import type { Schemes } from './schemes.ts'

let lastRoutingId = 0

/** `WebFrameMain`: one frame of a page, live until it is detached. */
export class Frame {
  readonly frameToken: string
  readonly routingId: number
  readonly frameTreeNodeId: number
  readonly processId = 1
  readonly parent: Frame | null
  readonly #frames: Frames
  name = ''
  url = ''
  origin = 'null'
  detached = false

  constructor(frames: Frames, id: string, parent: Frame | null) {
    this.#frames = frames
    this.frameToken = id
    this.parent = parent
    lastRoutingId += 1
    this.routingId = lastRoutingId
    this.frameTreeNodeId = lastRoutingId
  }

  get top(): Frame {
    return this.parent === null ? this : this.parent.top
  }

  get frames(): Frame[] {
    return this.#frames.childrenOf(this)
  }

  isDestroyed(): boolean {
    return this.detached
  }

  send(channel: string, ...values: unknown[]): void {
    this.#frames.deliver(this, channel, values)
  }
}

/** The frames of one page, as the browser reports them, with addresses in the app's own form. */
export class Frames {
  readonly #all = new Map<string, Frame>()
  readonly #schemes: Schemes
  readonly deliver: (frame: Frame, channel: string, values: unknown[]) => void
  #main: Frame | null = null

  constructor(schemes: Schemes, deliver: Frames['deliver']) {
    this.#schemes = schemes
    this.deliver = deliver
  }

  get main(): Frame | null {
    return this.#main
  }

  get(id: string): Frame | undefined {
    return this.#all.get(id)
  }

  childrenOf(parent: Frame): Frame[] {
    return [...this.#all.values()].filter((frame) => frame.parent === parent)
  }

  watch(session: CdpSession): void {
    session.on('Page.frameAttached', ({ frameId, parentFrameId }) => {
      this.#add(frameId, parentFrameId)
    })
    session.on('Page.frameNavigated', ({ frame }) => this.#navigate(frame))
    session.on('Page.navigatedWithinDocument', ({ frameId, url }) => {
      const frame = this.#all.get(frameId)
      if (frame !== undefined) frame.url = this.#schemes.toApp(url)
    })
    session.on('Page.frameDetached', ({ frameId, reason }) => {
      if (reason !== 'swap') this.#remove(frameId)
    })
  }

  adopt(tree: Protocol.Page.FrameTree): void {
    this.#navigate(tree.frame)
    for (const child of tree.childFrames ?? []) this.adopt(child)
  }

  #add(id: string, parentId: string | undefined): Frame {
    const known = this.#all.get(id)
    if (known !== undefined) return known
    const parent = parentId === undefined ? null : (this.#all.get(parentId) ?? null)
    const frame = new Frame(this, id, parent)
    this.#all.set(id, frame)
    if (parentId === undefined) this.#main = frame
    return frame
  }

  #navigate(info: Protocol.Page.Frame): void {
    const frame = this.#add(info.id, info.parentId)
    frame.name = info.name ?? ''
    frame.url = this.#schemes.toApp(info.url + (info.urlFragment ?? ''))
    const origin = this.#schemes.toApp(info.securityOrigin)
    frame.origin = origin === '' || origin.startsWith('://') ? 'null' : origin
  }

  #remove(id: string): void {
    const frame = this.#all.get(id)
    if (frame === undefined) return
    for (const child of this.childrenOf(frame)) this.#remove(child.frameToken)
    frame.detached = true
    this.#all.delete(id)
  }
}
