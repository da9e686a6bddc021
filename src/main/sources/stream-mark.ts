import { z } from 'zod'
import { parseJson } from './frames.ts'
import type { Position } from './source.ts'
import { streamPlaceSchema } from './stream-frames.ts'
import type { StreamPlace } from './stream-frames.ts'

/** `owed`: the list beside the snapshot that it stands on was never read. */
const keptSchema = streamPlaceSchema.extend({ owed: z.boolean().default(false) })

/** How an event stands to what was heard before it. */
export type Step = 'next' | 'known' | 'hole'

/**
 * Up to where a stream was heard, whichever sockets brought it. It owns the position of its source
 * and knows no socket.
 */
export class StreamMark {
  #epoch: string | null = null
  #offset = 0
  #isOwed = false

  /** Goes on from where the source was before, also before a restart of the console. */
  constructor(position: Position, isOwed: () => boolean) {
    const kept = keptSchema.safeParse(parseJson(position.read() ?? ''))
    if (kept.success) {
      this.set(kept.data)
      this.#isOwed = kept.data.owed
    }
    position.write(() => {
      const owed = this.#isOwed || isOwed()
      return this.#epoch === null ? null : JSON.stringify({ ...this.place, ...(owed && { owed }) })
    })
  }

  get place(): StreamPlace | null {
    return this.#epoch === null ? null : { epoch: this.#epoch, offset: this.#offset }
  }

  /** From where to go on; null where only a snapshot, and the list beside it, make it whole. */
  get resumable(): StreamPlace | null {
    return this.#isOwed ? null : this.place
  }

  set({ epoch, offset }: StreamPlace): void {
    this.#isOwed = false
    this.#epoch = epoch
    this.#offset = offset
  }

  /** The history as it was told cannot be trusted: the next socket begins from nothing. */
  forget(): void {
    this.#epoch = null
  }

  /** Goes one further, if that is what the event does. */
  step(epoch: string, offset: number): Step {
    // A socket that is still in another history has nothing to add to this one (F53).
    if (epoch !== this.#epoch || offset <= this.#offset) return 'known'
    if (offset > this.#offset + 1) return 'hole'
    this.#offset = offset
    return 'next'
  }
}
