import pg from 'pg'
import type { Log } from '../log.ts'

type Hear = (payload: string | null) => void

const redialMs = 250

/**
 * Owns the one connection that listens, and regains it when it is lost. After a gap every listener
 * hears null once: what was notified meanwhile is unknown.
 */
export class Listener {
  readonly #settings: pg.ClientConfig
  readonly #log: Log
  readonly #channels = new Map<string, Set<Hear>>()
  #client: pg.Client | null = null
  #dialling: Promise<pg.Client> | null = null
  #redial: NodeJS.Timeout | null = null
  #closed = false

  constructor(settings: pg.ClientConfig, log: Log) {
    this.#settings = settings
    this.#log = log
  }

  async listen(channel: string, hear: Hear): Promise<() => Promise<void>> {
    const own: Hear = (payload) => hear(payload)
    const hearers = this.#channels.get(channel) ?? new Set()
    hearers.add(own)
    this.#channels.set(channel, hearers)
    try {
      const client = await this.#connected()
      await client.query(`listen ${pg.escapeIdentifier(channel)}`)
    } catch (error) {
      // Whoever was told that it failed will come again, and must not hear twice.
      hearers.delete(own)
      throw error
    }
    return () => this.#forget(channel, own)
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#redial !== null) clearTimeout(this.#redial)
    const client = await this.#dialling?.catch(() => null)
    this.#client = null
    await client?.end()
  }

  async #forget(channel: string, own: Hear): Promise<void> {
    const hearers = this.#channels.get(channel)
    hearers?.delete(own)
    if (hearers?.size !== 0) return
    this.#channels.delete(channel)
    await this.#client?.query(`unlisten ${pg.escapeIdentifier(channel)}`)
  }

  #connected(): Promise<pg.Client> {
    this.#dialling ??= this.#dial().catch((error: unknown) => {
      this.#dialling = null
      throw error
    })
    return this.#dialling
  }

  async #dial(): Promise<pg.Client> {
    const client = new pg.Client({ ...this.#settings, keepAlive: true })
    client.on('error', (error) =>
      this.#log.warn('the listening connection broke', { why: error.message }),
    )
    client.on('notification', ({ channel, payload }) => {
      for (const hear of this.#channels.get(channel) ?? []) hear(payload ?? '')
    })
    await client.connect()
    client.once('end', () => this.#lost(client))
    this.#client = client
    return client
  }

  #lost(client: pg.Client): void {
    if (this.#client !== client || this.#closed) return
    this.#client = null
    this.#dialling = null
    this.#later()
  }

  #later(): void {
    if (this.#closed) return
    this.#redial = setTimeout(() => {
      this.#regain().catch((error: unknown) => {
        this.#log.warn('could not listen again', { why: String(error) })
        this.#later()
      })
    }, redialMs)
  }

  async #regain(): Promise<void> {
    const client = await this.#connected()
    for (const channel of this.#channels.keys()) {
      await client.query(`listen ${pg.escapeIdentifier(channel)}`)
    }
    for (const hearers of this.#channels.values()) for (const hear of hearers) hear(null)
  }
}
