import { createLog } from '../../src/main/lib/log.ts'
import { Scope } from '../../src/main/lib/scope.ts'
import type { JobSink, SourceContext } from '../../src/main/sources/source.ts'
import { jobTableSchema } from '../../src/shared/profile.ts'
import { FakeClock } from './fake-clock.ts'
import { FakeSockets } from './fake-socket.ts'
import { FakeTokens } from './fake-tokens.ts'

/** A sink that keeps nothing. */
export const noSink: JobSink = {
  take: () => undefined,
  takeAll: () => undefined,
  doubt: () => undefined,
  confirm: () => undefined,
  forget: () => undefined,
  heard: () => undefined,
  dropped: () => undefined,
}

/** What a source is given, for a part of one: all in memory, and no server that answers requests. */
export function sourceContext(given: Partial<SourceContext> = {}): SourceContext {
  const clock = given.clock ?? new FakeClock()
  return {
    scope: new Scope('test'),
    clock,
    random: () => 0.5,
    sockets: new FakeSockets().open,
    fetch: () => Promise.reject(new TypeError('fetch failed')),
    tokens: new FakeTokens(),
    sink: noSink,
    gatewayUrl: 'http://gateway',
    supabaseUrl: 'http://supabase',
    publishableKey: 'sb_publishable_fake',
    jobTable: jobTableSchema.parse({}),
    position: { read: () => null, write: () => undefined },
    tokenTransport: 'auto',
    tenantIds: ['acme'],
    log: createLog('test', clock, () => undefined),
    ...given,
  }
}
