import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import WebSocket from 'ws'
import type { TestBackend } from './backend.ts'

export interface ClientOptions {
  /** The publishable key if nothing else is said. */
  readonly key?: string
  readonly flowType?: 'implicit' | 'pkce'
}

/** Unmodified supabase-js clients of one backend, which keep their sessions in memory. */
export class SupabaseClients {
  readonly #backend: TestBackend
  readonly #open: SupabaseClient[] = []

  constructor(backend: TestBackend) {
    this.#backend = backend
  }

  connect({ key, flowType = 'implicit' }: ClientOptions = {}): SupabaseClient {
    const client = createClient(this.#backend.supabaseUrl, key ?? this.#backend.publishableKey, {
      auth: { ...inMemory(), autoRefreshToken: false, detectSessionInUrl: false, flowType },
      realtime: { transport: WebSocket as never },
    })
    this.#open.push(client)
    return client
  }

  /** With the secret key, as a server has it. */
  admin(): SupabaseClient {
    return this.connect({ key: this.#backend.secretKey })
  }

  /** The nth demo user. */
  async signedIn(nth = 0): Promise<SupabaseClient> {
    const { email, password } = this.#backend.users[nth]!
    const client = this.connect()
    const { error } = await client.auth.signInWithPassword({ email, password })
    if (error !== null) throw error
    return client
  }

  async dispose(): Promise<void> {
    for (const client of this.#open.splice(0)) await client.auth.dispose()
  }
}

/** Each client its own; PKCE needs one that lasts from the first step to the second. */
function inMemory() {
  const kept = new Map<string, string>()
  const storage = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
  }
  return { storage, persistSession: true }
}
