import { createClient } from 'redis'
import { z } from 'zod'
import { readBatch, writeBatch, type ChangeBatch } from './change-batch.ts'

/** Entries that Redis keeps, about; who has missed more reads the log. */
const keptEntries = 500
const connectTimeoutMs = 2_000

export interface BatchEntry {
  readonly id: string
  /** Null for what no gateway wrote. */
  readonly batch: ChangeBatch | null
}

const dial = (url: string) =>
  createClient({
    url,
    disableOfflineQueue: true,
    // Coming back is the owner's: it has to know that it was away.
    socket: { connectTimeout: connectTimeoutMs, reconnectStrategy: false },
  })

/**
 * One connection to the Redis stream of batches; once it is lost, every call rejects. The stream
 * belongs to one epoch of the log, so that another database never speaks into it.
 */
export class RedisStream {
  readonly #client: ReturnType<typeof dial>
  readonly #key: string

  private constructor(client: ReturnType<typeof dial>, epoch: string) {
    this.#client = client
    this.#key = `signalbox:job-changes:${epoch}`
  }

  static async open(url: string, epoch: string): Promise<RedisStream> {
    const client = dial(url)
    // Without a listener it would end the process; whoever waits for a call hears of it.
    client.on('error', () => undefined)
    try {
      await client.connect()
    } catch (error) {
      client.destroy()
      throw error
    }
    return new RedisStream(client, epoch)
  }

  /** Rejects what is under way. Idempotent. */
  close(): void {
    if (this.#client.isOpen) this.#client.destroy()
  }

  async append(batch: ChangeBatch): Promise<void> {
    await this.#client.xAdd(
      this.#key,
      '*',
      { batch: writeBatch(batch) },
      { TRIM: { strategy: 'MAXLEN', strategyModifier: '~', threshold: keptEntries } },
    )
  }

  async newest(): Promise<BatchEntry | null> {
    const reply = await this.#client.xRevRange(this.#key, '+', '-', { COUNT: 1 })
    return entries.parse(reply)[0] ?? null
  }

  /** Waits for up to `waitMs`; empty when nothing came. */
  async after(id: string, waitMs: number): Promise<readonly BatchEntry[]> {
    const asked = { key: this.#key, id }
    const reply: unknown = await this.#client.xRead(asked, { BLOCK: waitMs, COUNT: 50 })
    return streams.parse(reply)?.[0]?.messages ?? []
  }
}

const entries = z.array(
  z
    .object({ id: z.string(), message: z.object({ batch: z.string().optional() }) })
    .transform(({ id, message }): BatchEntry => ({ id, batch: readBatch(message.batch) })),
)
const streams = z.array(z.object({ messages: entries })).nullable()
