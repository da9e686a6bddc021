import { Scope } from '../../src/main/lib/scope.ts'
import { Secret } from '../../src/main/lib/secret.ts'
import type { Verdict } from '../../src/main/sources/close-codes.ts'
import { bindingsOf } from '../../src/main/sources/realtime/binding.ts'
import type { Told } from '../../src/main/sources/realtime/change.ts'
import { Channel } from '../../src/main/sources/realtime/channel.ts'
import { parsePhoenix } from '../../src/main/sources/realtime/phoenix.ts'
import type { PhoenixFrame } from '../../src/main/sources/realtime/phoenix.ts'
import { jobTableSchema } from '../../src/shared/profile.ts'
import { FakeClock, settle } from './fake-clock.ts'
import { FakeTokens } from './fake-tokens.ts'

export const topic = 'realtime:signalbox-test'

/** One channel; the test is the server. Heartbeats are answered until it says otherwise. */
export class ChannelBench {
  readonly scope = new Scope('test')
  readonly clock: FakeClock
  readonly tokens = new FakeTokens()
  readonly sent: PhoenixFrame[] = []
  /** What the owner was told, each in the order in which it was. */
  readonly failures: Verdict[] = []
  readonly subscribed: boolean[] = []
  readonly changes: Told[] = []
  readonly adopted: string[] = []
  readonly channel: Channel
  malformed = 0
  answersHeartbeats = true

  /** `dialledMs` is how long ago the socket was dialled. */
  constructor({
    dialledMs = 0,
    clock = new FakeClock(),
    failure = null as FakeTokens['failure'],
  } = {}) {
    this.clock = clock
    this.tokens.failure = failure
    const table = jobTableSchema.parse({})
    this.channel = new Channel({
      scope: this.scope,
      clock,
      tokens: this.tokens,
      table,
      bindings: bindingsOf(table, ['acme']),
      topic,
      dialledAtMs: clock.monotonic() - dialledMs,
      send: (text) => this.#sent(text),
      onToken: (token) => this.adopted.push(token.reveal()),
      onFailed: (verdict) => this.failures.push(verdict),
      onSubscribed: (subscribed) => this.subscribed.push(subscribed),
      onChange: (change) => this.changes.push(change),
      onMalformed: () => (this.malformed += 1),
    })
  }

  /** Joined, and the join not yet answered. */
  static async joining(options: ConstructorParameters<typeof ChannelBench>[0] = {}) {
    const bench = new ChannelBench(options)
    await settle()
    return bench
  }

  static async live(): Promise<ChannelBench> {
    const bench = await ChannelBench.joining()
    await bench.accept()
    bench.system('ok', 'Subscribed to PostgreSQL')
    return bench
  }

  /** Says that, and answers whether the channel took it for a sign that the subscription works. */
  say(event: string, payload: unknown = {}, ref: string | null = null, to = topic): boolean {
    return this.channel.take(JSON.stringify([null, ref, to, event, payload]))
  }

  reply(status: string, response: unknown): boolean {
    return this.say('phx_reply', { status, response }, '1')
  }

  /** The join is answered, with 7 and 8 as the ids of what was asked for. */
  async accept(): Promise<void> {
    const bindings = bindingsOf(jobTableSchema.parse({}), ['acme'])
    this.reply('ok', { postgres_changes: bindings.map((one, at) => ({ ...one, id: at + 7 })) })
    await settle()
  }

  system(status: string, message: string, extension = 'postgres_changes'): boolean {
    return this.say('system', { extension, status, message, channel: topic.slice(9) })
  }

  change(ids: readonly number[], more: object = {}): boolean {
    const data = { schema: 'public', table: 'translation_jobs', type: 'INSERT', ...more }
    return this.say('postgres_changes', { ids, data: { record: { id: 'a' }, ...data } })
  }

  /** As the session does before the token expires. */
  async renew(): Promise<void> {
    await this.tokens.renew(new Secret(this.tokens.token))
    await settle()
  }

  /** What was sent, but for heartbeats. */
  get said(): PhoenixFrame[] {
    return this.sent.filter(({ event }) => event !== 'heartbeat')
  }

  get heartbeats(): PhoenixFrame[] {
    return this.sent.filter(({ event }) => event === 'heartbeat')
  }

  #sent(text: string): void {
    const frame = parsePhoenix(text)
    if (frame === null) throw new Error(`no frame: ${text}`)
    this.sent.push(frame)
    if (frame.event !== 'heartbeat' || !this.answersHeartbeats) return
    this.say('phx_reply', { status: 'ok', response: {} }, frame.ref, 'phoenix')
  }
}
