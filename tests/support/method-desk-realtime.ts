import { RealtimeClient, type RealtimePostgresFilterBuilder } from '@supabase/realtime-js'
import { SignJWT } from 'jose'
import WebSocket from 'ws'
import type { TestBackend } from './backend.ts'
import type { Wire } from './method-outcome.ts'
import { until } from './until.ts'

interface DeskOptions {
  readonly backend: TestBackend
  readonly vsn: string
  readonly jwtSecret: string
}

/** Where one method of realtime-js is tried: clients of its own, and their wire. */
export class RealtimeDesk implements Wire {
  sent = 0
  /** Every text that came. */
  readonly heard: string[] = []
  readonly #options: DeskOptions
  readonly #clients: RealtimeClient[] = []
  readonly #sockets: WebSocket[] = []

  constructor(options: DeskOptions) {
    this.#options = options
  }

  client(): RealtimeClient {
    const { backend, vsn } = this.#options
    const client = new RealtimeClient(`${backend.supabaseUrl.replace('http', 'ws')}/realtime/v1`, {
      params: { apikey: backend.publishableKey },
      transport: this.#transport() as never,
      vsn,
      fetch: (...args) => {
        this.sent += 1
        return fetch(...args)
      },
    })
    this.#clients.push(client)
    return client
  }

  /** A channel that hears itself and whose messages are acknowledged. */
  async joined() {
    const client = this.client()
    await client.setAuth(await this.token())
    const channel = client.channel('desk', {
      config: { broadcast: { self: true, ack: true }, presence: { enabled: true } },
    })
    const statuses: string[] = []
    channel.subscribe((status) => void statuses.push(status))
    await until('it is subscribed', () => statuses.includes('SUBSCRIBED'))
    return { desk: this, client, channel }
  }

  /** The ids of `public.steps` that a filter lets through when all of them are written to. */
  async idsThrough(filter: RealtimePostgresFilterBuilder | string): Promise<readonly number[]> {
    const client = this.client()
    await client.setAuth(await this.token())
    const ids: number[] = []
    const told: { status: string; message: string }[] = []
    const channel = client.channel('steps')
    const table = { event: 'UPDATE', schema: 'public', table: 'steps' } as const
    channel.on('postgres_changes', { ...table, filter }, (row) => void ids.push(idOf(row.new)))
    // Written last, and held back by no filter: all others have come before it.
    channel.on('postgres_changes', { ...table, filter: 'id=eq.9' }, (row) => {
      ids.push(idOf(row.new))
    })
    channel.on('system', {}, (one: (typeof told)[number]) => void told.push(one))
    channel.subscribe()
    await until('the server has judged the filter', () => told.length > 0)
    if (told[0]?.status !== 'ok') throw new Error(told[0]?.message)
    const { database } = this.#options.backend
    await database.query('update public.steps set turn = turn + 1 where id < 9')
    await database.query('update public.steps set turn = turn + 1 where id = 9')
    await until('the last row has come', () => ids.includes(9))
    return ids.filter((id) => id !== 9).sort()
  }

  token(): Promise<string> {
    const claims = { role: 'authenticated', exp: Math.floor(Date.now() / 1_000) + 600 }
    return new SignJWT({ ...claims, jti: crypto.randomUUID() })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(this.#options.jwtSecret))
  }

  async dispose(): Promise<void> {
    for (const client of this.#clients.splice(0)) {
      await client.removeAllChannels()
      await client.disconnect()
    }
    for (const socket of this.#sockets.splice(0)) socket.terminate()
  }

  #transport() {
    const count = (): number => (this.sent += 1)
    const keep = (socket: WebSocket): void => {
      this.#sockets.push(socket)
      socket.on('message', (data: Buffer) => void this.heard.push(data.toString()))
    }
    return class extends WebSocket {
      constructor(...args: ConstructorParameters<typeof WebSocket>) {
        super(...args)
        count()
        keep(this)
      }

      override send(data: never, ...more: never[]): void {
        count()
        super.send(data, ...more)
      }

      override close(...args: [number?, string?]): void {
        count()
        super.close(...args)
      }
    }
  }
}

const idOf = (row: unknown): number => (row as { id: number }).id
