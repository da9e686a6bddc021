import { WebSocket } from 'ws'
import type { WireJob } from '../../src/shared/job.ts'

interface StreamFrame {
  readonly type: string
  readonly epoch?: string
  readonly offset?: number
  readonly missed?: number
  readonly job?: WireJob
  readonly jobs?: readonly WireJob[]
}

/**
 * A client of the tenant stream that loses its connection again and again, resumes where it was,
 * and counts what is wrong: it knows nothing of this repository but the protocol.
 */
export class StreamClient {
  readonly jobs = new Map<string, WireJob>()
  readonly faults: string[] = []
  offset = -1
  events = 0
  snapshots = 0
  resumes = 0
  readonly #token: string
  #epoch = ''
  #socket: WebSocket | null = null
  #heard: (() => void) | null = null

  constructor(token: string) {
    this.#token = token
  }

  /** Resolves when the server has said where the stream stands. */
  async connect(origin: string): Promise<void> {
    const known =
      this.offset < 0 ? '?epoch=&offset=' : `?epoch=${this.#epoch}&offset=${this.offset}`
    const headers = { authorization: `Bearer ${this.#token}` }
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/ws${known}`, { headers })
    this.#socket = socket
    const { promise, resolve, reject } = Promise.withResolvers<undefined>()
    socket.on('error', reject)
    socket.on('close', (code) => {
      reject(new Error(`closed with ${code}`))
      if (this.#socket === socket) this.drop()
    })
    socket.on('message', (data: Buffer) => {
      // What was under way when the connection was dropped counts as lost with it.
      if (this.#socket !== socket) return
      this.#take(JSON.parse(data.toString('utf8')) as StreamFrame)
      resolve(undefined)
      this.#heard?.()
    })
    await promise
  }

  /** As a network that goes away. */
  drop(): void {
    this.#socket?.terminate()
    this.#socket = null
    this.#heard?.()
  }

  /** False when the connection was lost before. */
  async until(offset: number): Promise<boolean> {
    while (this.offset < offset && this.#socket !== null) {
      await new Promise<void>((resolve) => (this.#heard = resolve))
    }
    return this.offset >= offset
  }

  #take({ type, epoch = '', offset = -1, job, jobs = [] }: StreamFrame): void {
    if (type === 'event' && job !== undefined) {
      if (offset !== this.offset + 1) this.faults.push(`${offset} after ${this.offset}`)
      const before = this.jobs.get(job.id)
      if (before?.attempt === job.attempt && job.seq !== before.seq + 1) {
        this.faults.push(`${job.id}: ${job.seq} after ${before.seq}`)
      }
      this.jobs.set(job.id, job)
      this.offset = offset
      this.events += 1
    } else if (type === 'resumed') {
      if (offset !== this.offset) this.faults.push(`resumed at ${offset} instead of ${this.offset}`)
      this.resumes += 1
    } else if (type === 'snapshot') {
      this.snapshots += 1
      this.#epoch = epoch
      this.offset = offset
      for (const one of jobs) this.jobs.set(one.id, one)
    } else {
      this.faults.push(`a frame of type ${type}`)
    }
  }
}
