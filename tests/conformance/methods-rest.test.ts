import { createRequire } from 'node:module'
import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { startTestBackend, type TestBackend } from '../support/backend.ts'
import { restCases } from '../support/method-cases-rest.ts'
import { outcomeOf, type Wire } from '../support/method-outcome.ts'
import { classNamesOf, hiddenNames, methodsOf, readMethodTable } from '../support/method-table.ts'
import { makeLibrary } from '../support/rest-library.ts'

const rows = readMethodTable('postgrest-js')
const wire: Wire = { sent: 0 }
let backend: TestBackend
let db: SupabaseClient

beforeAll(async () => {
  backend = await startTestBackend({ idle: true })
  await makeLibrary(backend)
  const client = createClient(backend.supabaseUrl, backend.secretKey, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    realtime: { transport: WebSocket as never },
    global: {
      fetch: (...args) => {
        wire.sent += 1
        return fetch(...args)
      },
    },
  })
  db = client
})
afterAll(async () => {
  await db.auth.dispose()
  await backend.stop()
})

/** supabase-js brings postgrest-js: its classes are known by what it builds. */
function publicMethods(): readonly string[] {
  const supabase = createRequire(createRequire(import.meta.url).resolve('@supabase/supabase-js'))
  const types = supabase.resolve('@supabase/postgrest-js').replace('.cjs', '.d.cts')
  const named = (prefix: string, object: object) => {
    const hidden = hiddenNames(types, classNamesOf(object))
    const methods = methodsOf(Object.getPrototypeOf(object) as object, hidden)
    return methods.map((name) => `${prefix}.${name}`)
  }
  const table = db.from('authors')
  return [
    ...named('client', db.schema('public')),
    ...named('table', table),
    ...named('builder', table.select()),
  ].sort()
}

describe('postgrest-js', () => {
  it('has a row in the table for every public method, and no other', () => {
    const methods = publicMethods()
    expect(rows.map(({ method }) => method).sort()).toEqual(methods)
    expect(Object.keys(restCases).sort()).toEqual(methods)
  })

  it.each(rows.map(({ method, outcome }) => [method, outcome]))('%s: %s', async (method, said) => {
    expect(await outcomeOf(wire, () => restCases[method]!(db))).toBe(said)
  })
})
