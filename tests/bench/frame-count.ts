import { openSocket } from '../../src/main/lib/sockets.ts'
import type { SocketFactory } from '../../src/main/ports.ts'

/** Counts the frames that this process has dealt with, and tells its parent what they cost. */
export class FrameCount {
  #seen = 0
  #expected = Infinity
  #snapshots = Infinity
  #cpu = process.cpuUsage()
  #beganMs = 0

  /** `opened` is said once this many frames have come. */
  open(snapshots: number): void {
    this.#snapshots = snapshots
  }

  /** `taken` is said after so many more. */
  expect(frames: number): void {
    this.#expected = this.#seen + frames
    this.#cpu = process.cpuUsage()
    this.#beganMs = performance.now()
    process.send?.({ type: 'ready' })
  }

  /** Called for every frame, after everything that is done with it. */
  count(): void {
    this.#seen += 1
    if (this.#seen === this.#snapshots) process.send?.({ type: 'opened' })
    if (this.#seen !== this.#expected) return
    const { user, system } = process.cpuUsage(this.#cpu)
    const wallMs = performance.now() - this.#beganMs
    process.send?.({ type: 'taken', cpuMs: (user + system) / 1_000, wallMs })
  }

  /** `openSocket`, and a word after each message. */
  readonly sockets: SocketFactory = ({ handlers, ...request }) =>
    openSocket({
      ...request,
      handlers: {
        ...handlers,
        message: (text) => {
          handlers.message(text)
          this.count()
        },
      },
    })
}
