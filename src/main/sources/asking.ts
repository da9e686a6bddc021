import { z } from 'zod'
import type { Socket } from '../ports.ts'
import { parseJson } from './frames.ts'

/**
 * What is said where a socket has no ping of its own (gateway-protocol §§3, 4). A server that does
 * not know it ignores it, as any type that it does not know.
 */
const pingMessage = '{"type":"ping"}'
const pongSchema = z.object({ type: z.literal('pong') })
/** Longer messages are not looked into: they are something else. */
const longestPong = 64

/** How one peer is asked for a sign of life, and whether it is known to answer. */
export class Asking {
  #byMessage = false
  /** The peer answered a ping that was a message; it stays known from one socket to the next. */
  #answers = false

  /** Asks. False: the peer need not answer, so its silence proves nothing. */
  ask(socket: Socket | null): boolean {
    this.#byMessage = socket?.ping() === false
    if (!this.#byMessage) return true
    socket?.send(pingMessage)
    return this.#answers
  }

  /** Whether a message was nothing but the answer. */
  hears(message: unknown): boolean {
    if (!this.#byMessage) return false
    const isText = typeof message === 'string'
    if (isText && message.length > longestPong) return false
    const isPong = pongSchema.safeParse(isText ? parseJson(message) : message).success
    this.#answers ||= isPong
    return isPong
  }
}
