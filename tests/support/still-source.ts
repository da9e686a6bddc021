import type { Source } from '../../src/main/sources/source.ts'

/** A source that does nothing: for parts of one that only need what it is given. */
export const stillSource = (): Source => ({
  kind: 'progress',
  view: { kind: 'progress', state: 'idle', sockets: 0, nextTryAtMs: null, reason: null },
  stopped: null,
  onChanged: () => () => undefined,
  wake: () => undefined,
})
