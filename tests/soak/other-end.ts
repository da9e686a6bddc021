import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { wireJobSchema, type WireJob } from '../../src/shared/job.ts'
import type { SoakOrder } from './server.ts'

interface Said {
  readonly answer?: unknown
  readonly error?: string
}

interface Ready {
  readonly url: string
  readonly publishableKey: string
  readonly user: { readonly email: string; readonly password: string }
}

/** The backend of the soak and the way to it, in their own process. One order at a time. */
export class OtherEnd {
  readonly #child: ChildProcess
  #asked = Promise.withResolvers<unknown>()
  #ready: Ready | null = null

  private constructor(child: ChildProcess) {
    this.#child = child
    child.on('message', ({ answer, error }: Said) => {
      if (error === undefined) this.#asked.resolve(answer)
      else this.#asked.reject(new Error(error))
    })
    child.once('exit', () => this.#asked.reject(new Error('the backend of the soak is gone')))
  }

  static async start(): Promise<OtherEnd> {
    const child = fork(join(import.meta.dirname, 'server.ts'), { execArgv: [] })
    const otherEnd = new OtherEnd(child)
    otherEnd.#ready = (await otherEnd.#asked.promise) as Ready
    return otherEnd
  }

  get ready(): Ready {
    if (this.#ready === null) throw new Error('it is not ready')
    return this.#ready
  }

  drive(): Promise<unknown> {
    return this.#order({ type: 'drive' })
  }

  rest(): Promise<unknown> {
    return this.#order({ type: 'rest' })
  }

  /** One of `soakFaults`, after what was before is mended. */
  strike(fault: string): Promise<unknown> {
    return this.#order({ type: 'strike', fault })
  }

  mend(): Promise<unknown> {
    return this.#order({ type: 'mend' })
  }

  /** Unfinished jobs, and those that ended within four minutes. */
  async state(): Promise<WireJob[]> {
    return wireJobSchema.array().parse(await this.#order({ type: 'state' }))
  }

  async close(): Promise<void> {
    const gone = once(this.#child, 'exit')
    await this.#order({ type: 'close' })
    await gone
  }

  #order(order: SoakOrder): Promise<unknown> {
    this.#asked = Promise.withResolvers()
    this.#child.send(order)
    return this.#asked.promise
  }
}
