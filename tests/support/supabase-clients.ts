import {
  createClient,
  type SupabaseClient,
  type SupabaseClientOptions,
} from '@supabase/supabase-js'
import WebSocket from 'ws'
import type { TestBackend } from './backend.ts'

type AuthOptions = NonNullable<SupabaseClientOptions<'public'>['auth']>

/** Unmodified supabase-js, each with a session in its own memory. */
export class SupabaseClients {
  readonly #open: SupabaseClient[] = []

  connect(to: TestBackend, auth: AuthOptions = {}): SupabaseClient {
    const client = createClient(to.supabaseUrl, to.publishableKey, {
      auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false, ...auth },
      realtime: { transport: WebSocket as never },
    })
    this.#open.push(client)
    return client
  }

  async dispose(): Promise<void> {
    for (const client of this.#open.splice(0)) await client.auth.dispose()
  }
}

/** Everything that the client announces from now on. */
export function eventsOf(client: SupabaseClient): string[] {
  const events: string[] = []
  client.auth.onAuthStateChange((event) => void events.push(event))
  return events
}
