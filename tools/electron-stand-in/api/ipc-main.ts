import { EventEmitter } from 'node:events'
import type { Frame } from '../browser/frames.ts'
import { createCodec } from '../codec.ts'
import { StandInUnsupported } from '../unsupported.ts'

export interface IpcEvent {
  readonly type: 'frame'
  readonly sender: unknown
  readonly senderFrame: Frame | null
  readonly processId: number
  readonly frameId: number
  readonly reply: (channel: string, ...values: unknown[]) => void
}

type Handler = (event: IpcEvent, ...values: unknown[]) => unknown
export type Invoked = { readonly value: unknown } | { readonly error: string }

const codec = createCodec(null)

/** `ipcMain`. */
export class IpcMain extends EventEmitter {
  readonly #handlers = new Map<string, Handler>()

  handle(channel: string, handler: Handler): void {
    if (this.#handlers.has(channel)) {
      throw new Error(`Attempted to register a second handler for '${channel}'`)
    }
    this.#handlers.set(channel, handler)
  }

  handleOnce(channel: string, handler: Handler): void {
    this.handle(channel, (event, ...values) => {
      this.removeHandler(channel)
      return handler(event, ...values)
    })
  }

  removeHandler(channel: string): void {
    this.#handlers.delete(channel)
  }

  /** Runs the handler of a channel; its error travels as text, as in Electron. */
  async answer(channel: string, event: IpcEvent, values: unknown[]): Promise<Invoked> {
    const prefix = `Error invoking remote method '${channel}': `
    const handler = this.#handlers.get(channel)
    if (handler === undefined) {
      return { error: `${prefix}Error: No handler registered for '${channel}'` }
    }
    try {
      const value = await handler(event, ...values)
      codec.encode(value)
      return { value }
    } catch (error) {
      process.stderr.write(`Error occurred in handler for '${channel}': ${String(error)}\n`)
      return { error: `${prefix}${String(error)}` }
    }
  }
}

export function createIpcEvent(sender: { send: IpcEvent['reply'] }, frame: Frame): IpcEvent {
  return {
    type: 'frame',
    sender,
    processId: frame.processId,
    frameId: frame.routingId,
    // A frame that is gone by the time it is asked for is null, as in Electron.
    get senderFrame() {
      return frame.detached ? null : frame
    },
    reply: (channel, ...values) => sender.send(channel, ...values),
    get returnValue(): never {
      throw new StandInUnsupported('synchronous IPC (event.returnValue)')
    },
  } as IpcEvent
}
