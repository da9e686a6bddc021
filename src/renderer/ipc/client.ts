/**
 * The only file that says `window.bridge`. Everything the window knows came through here, as data;
 * it must never hold a token, a key or a password of its own.
 */
import { failed } from '../../shared/failure.ts'
import type { Outcome } from '../../shared/failure.ts'
import type { Bridge } from '../../shared/ipc/bridge.ts'
import type { CallChannel } from '../../shared/ipc/channels.ts'
import type { CallAnswer, CallArgument } from '../../shared/ipc/contract.ts'

declare global {
  interface Window {
    readonly bridge: Bridge
  }
}

/** The bridge as the stores see it: the same shape, but a call never rejects. */
export type Client = Bridge

/** A call that breaks on the way (a closing window, a main process that is gone) is an outcome too. */
export function createClient(bridge: Bridge): Client {
  return {
    call: async <C extends CallChannel>(
      channel: C,
      ...argument: CallArgument<C> extends undefined ? [] : [CallArgument<C>]
    ): Promise<Outcome<CallAnswer<C>>> => {
      try {
        return await bridge.call(channel, ...argument)
      } catch {
        return failed('internal', `the call ${channel} got no answer`)
      }
    },
    on: (channel, listener) => bridge.on(channel, listener),
  }
}

export const openClient = (): Client => createClient(window.bridge)
