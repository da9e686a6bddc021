import { isFinal } from '../../../src/shared/job.ts'
import type { WireJob } from '../../../src/shared/job.ts'
import type { FakeSocket } from '../fake-socket.ts'
import { answerQuery } from '../scripted-rest.ts'
import type { Row } from '../scripted-rest.ts'
import type { Net, Peer } from './net.ts'
import type { Truth } from './truth.ts'

interface Channel {
  readonly socket: FakeSocket
  readonly topic: string
  readonly joinRef: string
  isSubscribed: boolean
}

type Frame = readonly [string | null, string | null, string, string, unknown]

/** A Supabase in memory: the table of jobs over REST, and its changes over Realtime. */
export class TableServer implements Peer {
  readonly #truth: Truth
  readonly #tenantIds: readonly string[]
  #channels: Channel[] = []
  net!: Net

  constructor(truth: Truth, tenantIds: readonly string[]) {
    this.#truth = truth
    this.#tenantIds = tenantIds
  }

  welcome(): void {
    // Nothing is said before a channel is joined.
  }

  said(socket: FakeSocket, text: string): void {
    const [joinRef, ref, topic, event, payload] = JSON.parse(text) as Frame
    const { access_token: token } = payload as { readonly access_token?: string }
    if (token !== undefined) this.net.presented.push(token)
    if (event === 'phx_join')
      this.#join({ socket, topic, joinRef: String(joinRef), isSubscribed: false }, payload)
    else if (event === 'heartbeat') this.#reply(socket, [null, ref, topic], {})
  }

  answer(url: URL): unknown {
    return answerQuery(this.#truth.of(this.#tenantIds).map(rowOf), url.searchParams)
  }

  tell(event: WireJob): void {
    if (this.#tenantIds.includes(event.tenant_id)) this.#change('UPDATE', { record: rowOf(event) })
  }

  forget(jobId: string): void {
    this.#change('DELETE', { old_record: { id: jobId } })
  }

  /** Changes are told no more until the server has started again. */
  restart(): void {
    for (const { socket } of this.#channels) socket.end()
    this.#channels = []
  }

  #join(channel: Channel, payload: unknown): void {
    const { config } = payload as { config: { postgres_changes: readonly object[] } }
    const bindings = config.postgres_changes.map((one, at) => ({ ...one, id: at + 1 }))
    this.#channels.push(channel)
    const { socket, topic, joinRef } = channel
    this.#reply(socket, [joinRef, joinRef, topic], { postgres_changes: bindings })
    channel.isSubscribed = true
    const said = { extension: 'postgres_changes', status: 'ok', channel: topic.slice(9) }
    this.#say(channel, 'system', { ...said, message: 'Subscribed to PostgreSQL' })
  }

  #change(type: 'UPDATE' | 'DELETE', records: object): void {
    const data = { schema: 'public', table: 'translation_jobs', type, errors: null, ...records }
    for (const channel of this.#channels) {
      const ids = type === 'DELETE' ? [1] : [2]
      this.#say(channel, 'postgres_changes', { ids, data: { ...data, columns: [] } })
    }
  }

  #reply(
    socket: FakeSocket,
    at: readonly [string | null, string | null, string],
    response: object,
  ): void {
    this.net.tell(socket, [...at, 'phx_reply', { status: 'ok', response }])
  }

  #say({ socket, joinRef, topic }: Channel, event: string, payload: object): void {
    this.net.tell(socket, [joinRef, null, topic, event, payload])
  }
}

function rowOf(job: WireJob): Row {
  const { id, tenant_id, name, status, progress, message, attempt, created_at, started_at } = job
  const { updated_at, error } = job
  const completed_at = isFinal(status) ? updated_at : null
  const times = { created_at, started_at, updated_at, completed_at }
  return { id, tenant_id, name, status, progress, message, attempt, ...times, error }
}
