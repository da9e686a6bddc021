import { failed, succeeded } from '../../../src/shared/failure.ts'
import type { Outcome } from '../../../src/shared/failure.ts'
import type { CallChannel, EventChannel } from '../../../src/shared/ipc/channels.ts'
import type { CallAnswer, EventPayload } from '../../../src/shared/ipc/contract.ts'
import type { Client } from '../../../src/renderer/ipc/client.ts'

type Handler<C extends CallChannel> = (
  argument: unknown,
) => Outcome<CallAnswer<C>> | Promise<Outcome<CallAnswer<C>>>

/** The bridge as the stores see it, answered by the test. Unanswered channels fail as `internal`. */
export class FakeClient {
  readonly calls: { readonly channel: CallChannel; readonly argument: unknown }[] = []
  readonly #handlers = new Map<CallChannel, (argument: unknown) => unknown>()
  readonly #listeners = new Map<EventChannel, Set<(payload: never) => void>>()

  readonly client: Client = {
    call: async <C extends CallChannel>(channel: C, ...argument: unknown[]) => {
      this.calls.push({ channel, argument: argument[0] })
      const handler = this.#handlers.get(channel) as Handler<C> | undefined
      return handler === undefined
        ? failed('internal', `nobody answers ${channel}`)
        : handler(argument[0])
    },
    on: (channel, listener) => {
      const known = this.#listeners.get(channel) ?? new Set()
      this.#listeners.set(channel, known.add(listener))
      return () => known.delete(listener)
    },
  }

  answer<C extends CallChannel>(channel: C, value: CallAnswer<C>): this {
    return this.handle(channel, () => succeeded(value))
  }

  handle<C extends CallChannel>(channel: C, handler: Handler<C>): this {
    this.#handlers.set(channel, handler)
    return this
  }

  /** Answers when the returned function is called. */
  hold<C extends CallChannel>(channel: C): (outcome: Outcome<CallAnswer<C>>) => void {
    let resolve: (outcome: Outcome<CallAnswer<C>>) => void = () => undefined
    const answer = new Promise<Outcome<CallAnswer<C>>>((done) => {
      resolve = done
    })
    this.handle(channel, () => answer)
    return resolve
  }

  emit<E extends EventChannel>(channel: E, payload: EventPayload<E>): void {
    for (const listener of [...(this.#listeners.get(channel) ?? [])]) listener(payload as never)
  }

  listeners(channel: EventChannel): number {
    return this.#listeners.get(channel)?.size ?? 0
  }

  argumentsOf(channel: CallChannel): unknown[] {
    return this.calls.filter((call) => call.channel === channel).map(({ argument }) => argument)
  }
}

/** Lets every promise that can settle without time or I/O settle. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}
