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

/** The backend of the soak, in its own process. One order at a time. */
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
    return this.#order('drive')
  }

  rest(): Promise<unknown> {
    return this.#order('rest')
  }

  /** Unfinished jobs, and those that ended within four minutes. */
  async state(): Promise<WireJob[]> {
    return wireJobSchema.array().parse(await this.#order('state'))
  }

  async close(): Promise<void> {
    const gone = once(this.#child, 'exit')
    await this.#order('close')
    await gone
  }

  #order(type: SoakOrder['type']): Promise<unknown> {
    this.#asked = Promise.withResolvers()
    this.#child.send({ type })
    return this.#asked.promise
  }
}
