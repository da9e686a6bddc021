/**
 * Every channel name, and nothing else: the preload reads only this file.
 * Calls are `room:verb`; events are `room:past-tense`.
 */
export const callChannels = [
  'app:describe',
  'profiles:list',
  'profiles:save',
  'profiles:remove',
  'workspaces:list',
  'session:sign-in',
  'session:sign-in-demo',
  'session:cancel',
  'session:sign-out',
  'session:unlock',
  'connection:retry',
  'jobs:open',
  'jobs:acknowledge',
  'jobs:read-timeline',
  'window:show-state',
] as const

export const eventChannels = [
  'profiles:changed',
  'workspaces:changed',
  'jobs:batched',
  'session:ended',
] as const

export type CallChannel = (typeof callChannels)[number]
export type EventChannel = (typeof eventChannels)[number]

/** The two physical channels under all of the above: an unknown name must reach main to be refused with a code. */
export const wire = { call: 'signalbox:call', event: 'signalbox:event' } as const
