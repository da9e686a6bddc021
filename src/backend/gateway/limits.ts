/** What the gateway allows; every figure can be set, for tests and for other machines. */
export interface GatewayLimits {
  /** Between two pings of one socket (gateway-protocol §7). */
  readonly pingIntervalMs: number
  /** Pings that may stay unanswered. */
  readonly missedPings: number
  /** Largest message taken in, in bytes (gateway-protocol §8). */
  readonly inboundBytes: number
  /** Messages and pings taken in a minute, of one socket; it has little to say. */
  readonly inboundPerMinute: number
  /** Bytes waiting for a slow peer before it gets only the latest state. */
  readonly highWaterBytes: number
  /** A peer that is behind for so long is closed. */
  readonly behindMs: number
  /** How long a tenant stream waits for a `resume` before it begins with a snapshot (§4). */
  readonly resumeWaitMs: number
  /** Progress sockets. */
  readonly socketsPerUser: number
  readonly streamsPerUser: number
  readonly requestsPerMinute: number
}

export const defaultLimits: GatewayLimits = {
  pingIntervalMs: 25_000,
  missedPings: 2,
  inboundBytes: 64 * 1024,
  inboundPerMinute: 120,
  highWaterBytes: 256 * 1024,
  behindMs: 15_000,
  resumeWaitMs: 2_000,
  socketsPerUser: 2_000,
  streamsPerUser: 20,
  requestsPerMinute: 1_200,
}
