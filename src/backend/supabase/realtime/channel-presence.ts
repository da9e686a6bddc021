import { z } from 'zod'
import { randomUUID } from 'node:crypto'
import type { Join } from './join-payload.ts'
import type { PresenceEntry } from './topics.ts'
import type { RealtimeLimits } from './realtime-limits.ts'

/** What is to be done about a `presence` message. */
export type PresenceStep =
  | ({ readonly kind: 'track' } & PresenceEntry)
  | { readonly kind: 'untrack' | 'nothing' }
  | { readonly kind: 'refused'; readonly reason: string | null }
  | { readonly kind: 'shut_down'; readonly message: string }

const message = z.object({ event: z.string().max(64), payload: z.unknown().optional() })
const state = z.record(z.string(), z.unknown())

/** What one channel tells of itself: under which key, how often, how much. */
export class ChannelPresence {
  readonly #key: string
  readonly #limits: RealtimeLimits
  #enabled: boolean
  #calls = 0
  #windowEndsMs = 0

  constructor({ enabled, key }: Join['presence'], limits: RealtimeLimits) {
    this.#enabled = enabled
    this.#key = key === '' ? randomUUID() : key
    this.#limits = limits
  }

  /** Asked for at the join, or by tracking. */
  get enabled(): boolean {
    return this.#enabled
  }

  judge(payload: Readonly<Record<string, unknown>>, mayWrite: boolean): PresenceStep {
    const parsed = message.safeParse(payload)
    if (!parsed.success) return { kind: 'nothing' }
    if (!this.#hasCallLeft()) {
      return { kind: 'shut_down', message: 'Client presence rate limit exceeded' }
    }
    const event = parsed.data.event.toLowerCase()
    if (event === 'untrack') return { kind: 'untrack' }
    if (event !== 'track' || !mayWrite) return { kind: 'refused', reason: null }
    return this.#track(parsed.data.payload ?? {})
  }

  #track(asked: unknown): PresenceStep {
    const parsed = state.safeParse(asked)
    if (!parsed.success) {
      return { kind: 'refused', reason: 'Presence track payload must be a map' }
    }
    const bytes = Buffer.byteLength(JSON.stringify(parsed.data))
    if (bytes > this.#limits.presenceBytes) {
      return { kind: 'shut_down', message: 'Track message size exceeded' }
    }
    this.#enabled = true
    const size = bytes + Buffer.byteLength(this.#key)
    return { kind: 'track', key: this.#key, state: parsed.data, size }
  }

  #hasCallLeft(): boolean {
    const now = performance.now()
    if (now > this.#windowEndsMs) {
      this.#calls = 0
      this.#windowEndsMs = now + this.#limits.presenceWindowMs
    }
    this.#calls += 1
    return this.#calls <= this.#limits.presenceCalls
  }
}
