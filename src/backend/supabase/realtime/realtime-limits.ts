/** What Realtime allows; every figure can be set, for tests and for other machines. */
export interface RealtimeLimits {
  readonly connections: number
  readonly channelsPerConnection: number
  /** Of one connection, on average over ten seconds; past it the connection is closed. */
  readonly joinsPerSecond: number
  /** Messages of one connection, on average over ten seconds; past it the channel is closed. */
  readonly eventsPerSecond: number
  /** Entries of `postgres_changes` in one join. */
  readonly changesPerChannel: number
  /** Largest WebSocket message taken in, in bytes (gateway-protocol §8; the real one takes 5 MB). */
  readonly frameBytes: number
  /** Largest broadcast, in bytes; also of a body over HTTP. */
  readonly broadcastBytes: number
  /** Largest state that a client may track, in bytes. */
  readonly presenceBytes: number
  /** `track` and `untrack` of one channel, within `presenceWindowMs`. */
  readonly presenceCalls: number
  readonly presenceWindowMs: number
  /** How long a refused join waits for its answer: a client that tries again at once costs less. */
  readonly joinErrorDelayMs: number
  /** The same for a refused handshake. */
  readonly handshakeDelayMs: number
  /** A socket that says nothing for so long is closed. */
  readonly silenceMs: number
  /** Bytes waiting for a slow peer before it is closed. */
  readonly waitingBytes: number
  /** A token is judged again at the latest after so long. */
  readonly tokenCheckMs: number
  /** The least, and twice that the longest, until a lost subscription is tried again. */
  readonly resubscribeMs: number
}

/** As the real server's, where it has such a limit (supabase.md §3). */
export const defaultRealtimeLimits: RealtimeLimits = {
  connections: 200,
  channelsPerConnection: 100,
  joinsPerSecond: 100,
  eventsPerSecond: 100,
  changesPerChannel: 100,
  frameBytes: 1024 * 1024,
  broadcastBytes: 3_000 * 1_000 + 500,
  presenceBytes: 3_000 * 1_000 + 500,
  presenceCalls: 5,
  presenceWindowMs: 30_000,
  joinErrorDelayMs: 5_000,
  handshakeDelayMs: 2_000,
  silenceMs: 60_000,
  waitingBytes: 8 * 1024 * 1024,
  tokenCheckMs: 300_000,
  resubscribeMs: 5_000,
}
