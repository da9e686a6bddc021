import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createCodec } from '../codec.ts'
import type { CdpSession } from './cdp.ts'
import type { Frame, Frames } from './frames.ts'

const worldName = 'electron-preload'
const binding = '__standInPost'
const receiver = '__standInReceive'
const codec = createCodec(null)

/** What the page's side tells: see page/preload-world.js. */
export type PreloadMessage =
  | { type: 'invoke'; id: number; channel: string; values: unknown[] }
  | { type: 'send'; channel: string; values: unknown[] }
  | { type: 'preload-error'; error: unknown }
  | { type: 'open'; url: string; frameName: string; features: string }
  | { type: 'resized'; width: number; height: number }
  | { type: 'visibility'; visible: boolean }
  | { type: 'scheme'; dark: boolean }
  | { type: 'focused' | 'blurred' }
  | { type: 'input'; input: object }

export interface PreloadOptions {
  /** Path of the preload bundle, if there is one. */
  readonly preload: string | undefined
  readonly subFrames: boolean
  readonly additionalArguments: readonly string[]
}

const pageSource = (name: string): string =>
  readFileSync(new URL(`../page/${name}.js`, import.meta.url), 'utf8').trim()

/** The two scripts that run before the page's own: bridge in its world, preload beside it. */
function scripts(options: PreloadOptions): { main: string; preload: string } {
  const secret = `stand-in-${randomBytes(8).toString('hex')}`
  const codecSource = `(${createCodec.toString()})`
  const facts = {
    platform: process.platform,
    arch: process.arch,
    versions: process.versions,
    argv: [process.execPath, ...options.additionalArguments],
  }
  const settings = { secret, binding, receiver, subFrames: options.subFrames, facts }
  const source = options.preload === undefined ? '' : readFileSync(options.preload, 'utf8')
  return {
    main: `${pageSource('main-world')}(${JSON.stringify(secret)}, ${codecSource})`,
    preload: `${pageSource('preload-world')}(${JSON.stringify(settings)}, ${codecSource}, function (require, module, exports, process) {
${source}
})`,
  }
}

/** @throws Error when the values cannot be cloned, as Electron does. */
export function encodeDelivery(channel: string, values: unknown[]): string {
  return codec.encode({ type: 'deliver', channel, values })
}

/** The isolated worlds of one page's frames, and the wire to each of them. */
export class PreloadWorld {
  readonly #session: CdpSession
  readonly #frames: Frames
  readonly #contexts = new Map<number, string>()
  /** Messages to the main frame from before its world exists. */
  #early: string[] = []

  constructor(session: CdpSession, frames: Frames) {
    this.#session = session
    this.#frames = frames
    session.on('Runtime.executionContextCreated', ({ context }) => {
      if (context.name !== worldName) return
      const { frameId } = context.auxData as { frameId: string }
      this.#contexts.set(context.id, frameId)
      if (this.#frames.main?.frameToken !== frameId) return
      const early = this.#early
      this.#early = []
      for (const text of early) this.#post(context.id, text)
    })
    session.on('Runtime.executionContextDestroyed', ({ executionContextId }) => {
      this.#contexts.delete(executionContextId)
    })
    session.on('Runtime.executionContextsCleared', () => this.#contexts.clear())
  }

  /** Must be called before the first navigation. */
  async install(options: PreloadOptions): Promise<void> {
    const { main, preload } = scripts(options)
    await Promise.all([
      this.#session.send('Runtime.addBinding', { name: binding, executionContextName: worldName }),
      this.#session.send('Page.addScriptToEvaluateOnNewDocument', { source: main }),
      this.#session.send('Page.addScriptToEvaluateOnNewDocument', { source: preload, worldName }),
    ])
  }

  onMessage(listener: (message: PreloadMessage, frame: Frame, contextId: number) => void): void {
    this.#session.on('Runtime.bindingCalled', ({ name, payload, executionContextId }) => {
      const frame = this.#frames.get(this.#contexts.get(executionContextId) ?? '')
      if (name !== binding || frame === undefined) return
      listener(codec.decode(payload) as PreloadMessage, frame, executionContextId)
    })
  }

  /** `text` is made by `encodeDelivery`. */
  deliver(frame: Frame | null, text: string): void {
    const context = [...this.#contexts].find(([, frameId]) => frameId === frame?.frameToken)
    if (context !== undefined) this.#post(context[0], text)
    else if (!frame?.parent) this.#early.push(text)
  }

  /** Answers one `invoke`, in the very context that asked. */
  answer(contextId: number, answer: { id: number; value?: unknown; error?: string }): void {
    if (!this.#contexts.has(contextId)) return
    this.#post(contextId, codec.encode({ type: 'answer', ...answer }))
  }

  #post(executionContextId: number, text: string): void {
    this.#session.tell('Runtime.callFunctionOn', {
      functionDeclaration: `function (text) { ${receiver}(text) }`,
      executionContextId,
      arguments: [{ value: text }],
      silent: true,
    })
  }
}
