import type {
  Cancel,
  Files,
  IpcPort,
  IpcSender,
  LogSink,
  Network,
  Power,
} from '../../src/main/ports.ts'
import type { Outcome } from '../../src/shared/failure.ts'
import type { CallChannel, EventChannel } from '../../src/shared/ipc/channels.ts'
import type { CallAnswer, CallArgument, EventPayload } from '../../src/shared/ipc/contract.ts'

export interface SentEvent {
  readonly channel: string
  readonly payload: unknown
  readonly windowId: number | null
}

const ourWindow: IpcSender = { windowId: 1, trusted: true }

/** The fake of the IpcPort: a window made of a test. Messages are cloned as real IPC clones them. */
export class MemoryIpcPort implements IpcPort {
  readonly sent: SentEvent[] = []
  #handler: Parameters<IpcPort['onCall']>[0] | null = null
  readonly #closed = new Set<(windowId: number) => void>()
  readonly #listeners = new Set<(event: SentEvent) => void>()

  onCall: IpcPort['onCall'] = (handler): Cancel => {
    this.#handler = handler
    return () => {
      this.#handler = null
    }
  }

  send: IpcPort['send'] = (channel, payload, windowId) => {
    const event = { channel, payload: structuredClone(payload), windowId: windowId ?? null }
    this.sent.push(event)
    for (const listener of [...this.#listeners]) listener(event)
  }

  onWindowClosed: IpcPort['onWindowClosed'] = (listener): Cancel => {
    this.#closed.add(listener)
    return () => {
      this.#closed.delete(listener)
    }
  }

  /** Handlers and listeners that main holds on this port right now. */
  get held(): number {
    return this.#closed.size + (this.#handler === null ? 0 : 1)
  }

  closeWindow(windowId: number): void {
    for (const listener of [...this.#closed]) listener(windowId)
  }

  /** Any message, as a hostile window could send it. */
  async raw(channel: string, argument?: unknown, sender = ourWindow): Promise<unknown> {
    if (this.#handler === null) throw new Error('main serves no calls')
    return structuredClone(await this.#handler(channel, structuredClone(argument), sender))
  }

  /** A call as the contract knows it. */
  async call<C extends CallChannel>(
    channel: C,
    ...argument: CallArgument<C> extends undefined ? [] : [CallArgument<C>]
  ): Promise<Outcome<CallAnswer<C>>> {
    return (await this.raw(channel, argument[0])) as Outcome<CallAnswer<C>>
  }

  on<E extends EventChannel>(channel: E, listener: (payload: EventPayload<E>) => void): Cancel {
    const own = (event: SentEvent): void => {
      if (event.channel === channel) listener(event.payload as EventPayload<E>)
    }
    this.#listeners.add(own)
    return () => {
      this.#listeners.delete(own)
    }
  }

  /** Payloads sent on one channel so far. */
  payloads<E extends EventChannel>(channel: E): EventPayload<E>[] {
    return this.sent
      .filter((event) => event.channel === channel)
      .map((event) => event.payload as EventPayload<E>)
  }

  /** The next payload for which `wanted` holds; what was sent before does not count. */
  next<E extends EventChannel>(
    channel: E,
    wanted: (payload: EventPayload<E>) => boolean = () => true,
  ): Promise<EventPayload<E>> {
    const { promise, resolve } = Promise.withResolvers<EventPayload<E>>()
    const off = this.on(channel, (payload) => {
      if (!wanted(payload)) return
      off()
      resolve(payload)
    })
    return promise
  }
}

/** The fake of the Files port. */
export class MemoryFiles implements Files {
  /** Text files, by name. */
  readonly kept = new Map<string, string>()
  /** Files of bytes, by name. */
  readonly bytes = new Map<string, Uint8Array>()
  /** What every write of bytes is refused with: a full disk, a folder that nobody may write to. */
  refuses: 'ENOSPC' | 'EACCES' | null = null
  /** No file can be removed. */
  refusesRemoval = false
  /** Writes of bytes that were carried out. */
  writes = 0

  read: Files['read'] = async (name) => this.kept.get(name) ?? null
  readBytes: Files['readBytes'] = async (name) => this.bytes.get(name) ?? null

  write: Files['write'] = async (name, text) => {
    this.kept.set(name, text)
  }

  writeBytes: Files['writeBytes'] = async (name, bytes) => {
    if (this.refuses !== null) {
      throw Object.assign(new Error(this.refuses), { code: this.refuses })
    }
    this.writes += 1
    this.bytes.set(name, Uint8Array.from(bytes))
  }

  size: Files['size'] = async (name) =>
    this.bytes.get(name)?.length ?? Buffer.byteLength(this.kept.get(name) ?? '')

  remove: Files['remove'] = async (name) => {
    if (this.refusesRemoval) throw Object.assign(new Error('EACCES'), { code: 'EACCES' })
    this.kept.delete(name)
    this.bytes.delete(name)
  }
}

/** The fake of the Power port. */
export class MemoryPower implements Power {
  readonly #resumed = new Set<() => void>()
  readonly #suspended = new Set<() => void>()

  onResumed: Power['onResumed'] = (listener) => held(this.#resumed, listener)
  onSuspended: Power['onSuspended'] = (listener) => held(this.#suspended, listener)

  get held(): number {
    return this.#resumed.size + this.#suspended.size
  }

  suspend(): void {
    for (const listener of [...this.#suspended]) listener()
  }

  resume(): void {
    for (const listener of [...this.#resumed]) listener()
  }
}

/** The fake of the Network port. */
export class MemoryNetwork implements Network {
  online = true
  where = 'desk'
  isOnline: Network['isOnline'] = () => this.online
  place: Network['place'] = () => this.where
}

/** The fake of the LogSink port: lines to look at. */
export function memoryLog(): { readonly lines: string[]; readonly sink: LogSink } {
  const lines: string[] = []
  return { lines, sink: (line) => lines.push(line) }
}

function held(set: Set<() => void>, listener: () => void): Cancel {
  set.add(listener)
  return () => {
    set.delete(listener)
  }
}
