import { z } from 'zod'
import { openSocket } from '../../src/main/lib/sockets.ts'
import type { SocketFactory } from '../../src/main/ports.ts'
import type { JobRow } from '../../src/shared/job.ts'

const frames = z.union([
  z.object({ type: z.literal('snapshot'), job: z.object({ id: z.string(), seq: z.number() }) }),
  z.object({ type: z.literal('progress'), job_id: z.string(), seq: z.number() }),
])

interface Track {
  /** The first snapshot: what came before it was never to be told. */
  readonly from: number
  readonly seqs: Set<number>
  /** By any socket. */
  readonly told: Step
  /** In a row of the window. */
  readonly shown: Step
}

/** The newest event at one place, and when it came there. */
interface Step {
  seq: number
  atMs: number
}

/** The longest time in which one job stood still, in milliseconds. */
export interface Silence {
  readonly toldMs: number
  readonly shownMs: number
}

const longer = (a: Silence, b: Silence): Silence => ({
  toldMs: Math.max(a.toldMs, b.toldMs),
  shownMs: Math.max(a.shownMs, b.shownMs),
})
const none: Silence = { toldMs: 0, shownMs: 0 }

/** How long it stood still until now; 0 where nothing is new, or it is the first. */
function move(step: Step, seq: number): number {
  if (seq <= step.seq) return 0
  const nowMs = performance.now()
  const stoodMs = step.seq === 0 ? 0 : nowMs - step.atMs
  step.seq = seq
  step.atMs = nowMs
  return stoodMs
}

/** What the sockets were told, and when the rows of the window moved. */
export class RenewalWatch {
  readonly #tracks = new Map<string, Track>()
  #open = 0
  dials = 0
  #longest = none

  /** Sockets that are open right now. */
  get open(): number {
    return this.#open
  }

  readonly sockets: SocketFactory = ({ handlers, ...request }) => {
    this.dials += 1
    let isOpen = false
    const gone = (): void => {
      if (isOpen) this.#open -= 1
      isOpen = false
    }
    const socket = openSocket({
      ...request,
      handlers: {
        ...handlers,
        open: () => {
          isOpen = true
          this.#open += 1
          handlers.open()
        },
        message: (text) => {
          this.#hear(text ?? '')
          handlers.message(text)
        },
        close: (ending) => {
          gone()
          handlers.close(ending)
        },
      },
    })
    const terminate = socket.terminate.bind(socket)
    socket.terminate = () => {
      gone()
      terminate()
    }
    return socket
  }

  show(rows: readonly JobRow[]): void {
    for (const { id, seq } of rows) {
      const track = this.#tracks.get(id)
      if (track === undefined) continue
      this.#longest = longer(this.#longest, { toldMs: 0, shownMs: move(track.shown, seq) })
    }
  }

  /** The longest silence of any job since the last `restart`; what is silent now counts. */
  get silence(): Silence {
    const nowMs = performance.now()
    return [...this.#tracks.values()]
      .map(({ told, shown }) => ({ toldMs: nowMs - told.atMs, shownMs: nowMs - shown.atMs }))
      .reduce(longer, this.#longest)
  }

  /** From now on: silence that began before counts from here. */
  restart(): void {
    const atMs = performance.now()
    for (const { told, shown } of this.#tracks.values()) told.atMs = shown.atMs = atMs
    this.#longest = none
  }

  /** Of the events up to `seq`: never told by themselves, and never reached by a row. */
  missing(id: string, seq: number): { readonly holes: number; readonly lost: number } {
    const track = this.#tracks.get(id)
    if (track === undefined) return { holes: seq, lost: seq }
    let holes = 0
    for (let each = track.from + 1; each <= seq; each += 1) if (!track.seqs.has(each)) holes += 1
    return { holes, lost: Math.max(0, seq - track.shown.seq) }
  }

  #hear(text: string): void {
    const { success, data } = frames.safeParse(JSON.parse(text))
    if (!success) return
    const [id, seq] =
      data.type === 'snapshot' ? [data.job.id, data.job.seq] : [data.job_id, data.seq]
    const track = this.#tracks.get(id)
    if (track === undefined) {
      const atMs = performance.now()
      const seqs = new Set([seq])
      this.#tracks.set(id, { from: seq, seqs, told: { seq, atMs }, shown: { seq: 0, atMs } })
      return
    }
    track.seqs.add(seq)
    this.#longest = longer(this.#longest, { toldMs: move(track.told, seq), shownMs: 0 })
  }
}
