import type { Outcome } from '../failure.ts'
import type { CallChannel, EventChannel } from './channels.ts'
import type { CallAnswer, CallArgument, EventPayload } from './contract.ts'

/** `window.bridge`, as the preload exposes it: plain data in, plain data out. */
export interface Bridge {
  call: <C extends CallChannel>(
    channel: C,
    ...argument: CallArgument<C> extends undefined ? [] : [CallArgument<C>]
  ) => Promise<Outcome<CallAnswer<C>>>
  /** Returns its own off-switch. */
  on: <E extends EventChannel>(
    channel: E,
    listener: (payload: EventPayload<E>) => void,
  ) => () => void
}
