/**
 * The windows through which the rooms see the world. Each has one real implementation (host, or
 * lib for the plain Node ones) and one fake in tests/support.
 */
import type { Failure } from '../shared/failure.ts'
import type { Secret } from './lib/secret.ts'

export type Cancel = () => void

/** Time. No other room may set a timer. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch; may jump. */
  now: () => number
  /** Milliseconds that never jump back and count sleep; the only base for deadlines. */
  monotonic: () => number
  /** Runs once after `delayMs` awake; cancelled timers leave nothing behind. */
  after: (delayMs: number, run: () => void) => Cancel
  /** Timers armed right now. */
  readonly armed: number
}

/** 0 ≤ x < 1, as Math.random; a parameter so that tests can choose. */
export type Random = () => number

export type KeychainRead =
  | { readonly kind: 'present'; readonly value: Secret }
  | { readonly kind: 'absent' | 'locked' | 'unavailable' | 'timeout' }

export type KeychainWrite = 'done' | 'locked' | 'unavailable' | 'timeout'

/** The OS keychain. One call at a time; every call has a deadline; no call throws. */
export interface Keychain {
  /** `memory` lives only as long as the process; the window says so. */
  readonly keeping: 'keychain' | 'memory'
  read: (account: string) => Promise<KeychainRead>
  write: (account: string, value: Secret) => Promise<KeychainWrite>
  /** `done` only when the entry is known to be gone. */
  erase: (account: string) => Promise<KeychainWrite>
}

/** Who sent an IPC message, as far as the host could tell. */
export interface IpcSender {
  readonly windowId: number
  /** True only for our own window's main frame on our own origin. */
  readonly trusted: boolean
}

/** The raw end of IPC. Parsing and answering are in ipc/serve and ipc/publish. */
export interface IpcPort {
  /** Every call arrives here, known channel or not. Returns its own off-switch. */
  onCall: (
    handler: (channel: string, argument: unknown, sender: IpcSender) => Promise<unknown>,
  ) => Cancel
  /** To every trusted window, or to one. */
  send: (channel: string, payload: unknown, windowId?: number) => void
  onWindowClosed: (listener: (windowId: number) => void) => Cancel
}

/** A WebSocket as sources need it. */
export interface Socket {
  send: (text: string) => void
  /** Asks for a pong; false when this socket has no way to: then only messages tell of life. */
  ping: () => boolean
  close: (code?: number, reason?: string) => void
  /** Ends at once, in any state; no handler is called after it. */
  terminate: () => void
  readonly bufferedAmount: number
}

/** What a WebSocket says: a text frame, or null for a binary one, which no source of ours expects. */
export type RawFrame = string | null

export interface SocketHandlers<Message = RawFrame> {
  open: () => void
  message: (message: Message) => void
  pong: () => void
  /** Called exactly once, unless `terminate()` was called first. */
  close: (ending: SocketEnding) => void
}

export interface SocketEnding {
  /** WebSocket close code; 1006 when the connection just broke; null when it never opened. */
  readonly code: number | null
  readonly reason: string
  /** HTTP status that answered the upgrade instead of 101. */
  readonly status: number | null
  readonly retryAfterMs: number | null
  /** `err.code` of Node or ws, e.g. ECONNREFUSED, WS_ERR_INVALID_UTF8, CERT_HAS_EXPIRED. */
  readonly errorCode: string | null
  /** What failed before the socket was dialled, where something has to come first. */
  readonly failure?: Failure
}

export interface SocketRequest<Message = RawFrame> {
  /** May carry `?token=`: a secret; it is never logged or shown. */
  readonly url: Secret
  readonly headers: Readonly<Record<string, Secret>>
  /** Longest message taken, in bytes; 64 KiB unless given (gateway-protocol §8). */
  readonly maxFrameBytes?: number
  readonly handlers: SocketHandlers<Message>
}

/** Opens sockets: `ws` (lib/sockets), or Chromium's where a proxy is in between (host). */
export type SocketFactory<Message = RawFrame> = (request: SocketRequest<Message>) => Socket

/** `fetch` as the rooms use it; always called with a signal. */
export type HttpFetch = typeof globalThis.fetch

export interface Power {
  onResumed: (listener: () => void) => Cancel
  onSuspended: (listener: () => void) => Cancel
}

export interface Network {
  /** False is certain; true is only a hope. */
  isOnline: () => boolean
  /** Where this computer is on the network; another word says that it has moved. */
  place: () => string
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Takes finished, already redacted lines. */
export type LogSink = (line: string) => void

/**
 * Small files of ours below the user data folder: profiles, tombstones, snapshots. A write replaces
 * the file whole or not at all; writes and removals of one file are done in the order given.
 */
export interface Files {
  /** Null when the file is not there. */
  read: (name: string) => Promise<string | null>
  readBytes: (name: string) => Promise<Uint8Array | null>
  write: (name: string, text: string) => Promise<void>
  writeBytes: (name: string, bytes: Uint8Array) => Promise<void>
  /** Bytes on disk, with what a write that was cut short may have left; 0 when nothing is there. */
  size: (name: string) => Promise<number>
  remove: (name: string) => Promise<void>
}
