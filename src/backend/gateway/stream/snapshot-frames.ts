import { textFrame } from './text-frame.ts'

/** Most bytes of jobs in one part; with what stands around them a frame stays below 64 KiB (§8). */
const partBytes = 60 * 1024

/**
 * A snapshot as it goes over the wire, ready for all who ask: as one message, or in parts of which
 * all but the last say `more`. Each form is built when it is first wanted.
 */
export class SnapshotFrames {
  readonly #head: object
  /** JSON, newest first. */
  readonly #jobs: readonly string[]
  #whole: Buffer | null = null
  #parts: Buffer | null = null

  /** `head` is what every message of it says beside its jobs. */
  constructor(head: object, jobs: readonly string[]) {
    this.#head = head
    this.#jobs = jobs
  }

  get whole(): Buffer {
    this.#whole ??= this.#message(this.#jobs, this.#head)
    return this.#whole
  }

  get parts(): Buffer {
    this.#parts ??= this.#inParts()
    return this.#parts
  }

  #inParts(): Buffer {
    const messages: Buffer[] = []
    let from = 0
    let bytes = 0
    for (const [at, job] of this.#jobs.entries()) {
      const more = Buffer.byteLength(job) + 1
      if (bytes + more > partBytes && at > from) {
        messages.push(this.#message(this.#jobs.slice(from, at), { ...this.#head, more: true }))
        from = at
        bytes = 0
      }
      bytes += more
    }
    messages.push(this.#message(this.#jobs.slice(from), this.#head))
    return Buffer.concat(messages)
  }

  #message(jobs: readonly string[], head: object): Buffer {
    return textFrame(`${JSON.stringify(head).slice(0, -1)},"jobs":[${jobs.join(',')}]}`)
  }
}
