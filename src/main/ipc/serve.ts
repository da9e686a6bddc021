// The wall, inward: parses what a window asks, hands it to one handler, parses what goes back.
// It owns no state. It must never answer with anything that is not an Outcome, and never stay silent.
import { failed, succeeded } from '../../shared/failure.ts'
import type { Failure, Outcome } from '../../shared/failure.ts'
import { callChannels } from '../../shared/ipc/channels.ts'
import type { CallChannel } from '../../shared/ipc/channels.ts'
import { calls } from '../../shared/ipc/contract.ts'
import type { CallAnswer, ParsedArgument } from '../../shared/ipc/contract.ts'
import { redact } from '../../shared/redact.ts'
import type { Log } from '../lib/log.ts'
import type { Cancel, IpcPort, IpcSender } from '../ports.ts'
import { fieldOf } from './field-of.ts'

export type Handler<C extends CallChannel> = (
  argument: ParsedArgument<C>,
  sender: IpcSender,
) => Outcome<CallAnswer<C>> | Promise<Outcome<CallAnswer<C>>>

/** One handler a channel: a forgotten one does not compile. */
export type Handlers = { readonly [C in CallChannel]: Handler<C> }

export interface ServeOptions {
  readonly port: IpcPort
  readonly handlers: Handlers
  readonly log: Log
  /** Names a log entry so that the window can point to it. */
  readonly newRef: () => string
}

/** Answers every call until its off-switch is used. */
export function serve(options: ServeOptions): Cancel {
  return options.port.onCall((channel, argument, sender) =>
    answer(options, { channel, argument, sender }),
  )
}

interface Call {
  readonly channel: string
  readonly argument: unknown
  readonly sender: IpcSender
}

async function answer(options: ServeOptions, call: Call): Promise<Outcome<unknown>> {
  if (!call.sender.trusted) {
    options.log.warn('call from a sender that is not our window', {
      windowId: call.sender.windowId,
    })
    return failed('sender_refused', 'the sender is not the main frame of our window')
  }
  const { channel } = call
  if (!isCallChannel(channel)) {
    options.log.warn('call on an unknown channel', { windowId: call.sender.windowId })
    return failed('channel_unknown', 'no such channel')
  }
  try {
    return await handle(options, channel, call)
  } catch (error) {
    return internal(options, channel, error)
  }
}

async function handle(
  options: ServeOptions,
  channel: CallChannel,
  call: Call,
): Promise<Outcome<unknown>> {
  const argument = calls[channel].argument.safeParse(call.argument)
  if (!argument.success) {
    const field = fieldOf(argument.error)
    return failed('argument_invalid', `wrong argument at ${field}`, { field })
  }
  // Schema and handler are looked up by the same name; the compiler cannot follow that through a union.
  const handler = options.handlers[channel] as (
    argument: unknown,
    sender: IpcSender,
  ) => Outcome<unknown> | Promise<Outcome<unknown>>
  const outcome = await handler(argument.data, call.sender)
  if (!outcome.ok) return { ok: false, failure: plain(outcome.failure) }
  const value = calls[channel].answer.safeParse(outcome.value)
  if (!value.success) {
    return internal(options, channel, `the answer breaks the contract at ${fieldOf(value.error)}`)
  }
  return succeeded(value.data)
}

function isCallChannel(channel: string): channel is CallChannel {
  return (callChannels as readonly string[]).includes(channel)
}

/** Only the fields of a failure, whatever else hangs on the object. */
function plain(failure: Failure): Failure {
  return {
    code: failure.code,
    message: redact(failure.message),
    ...(failure.field !== undefined && { field: failure.field }),
    ...(failure.retryAfterMs !== undefined && { retryAfterMs: failure.retryAfterMs }),
    ...(failure.ref !== undefined && { ref: failure.ref }),
  }
}

function internal(options: ServeOptions, channel: string, error: unknown): Outcome<never> {
  const ref = options.newRef()
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
  options.log.error('a call failed', { ref, channel, detail })
  return failed('internal', 'something went wrong inside; the log has the rest', { ref })
}
