import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type * as supabaseJs from '@supabase/supabase-js'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findChromium } from '../../tools/electron-stand-in/browser/chromium.ts'
import { startTestBackend, type TestBackend } from '../support/backend.ts'

/** supabase-js as a web page has it: its bundle for browsers, in a real Chromium, from another origin. */
const bundle = new URL(
  '../../node_modules/@supabase/supabase-js/dist/umd/supabase.js',
  import.meta.url,
)

let backend: TestBackend
let pages: Server
let browser: Browser
let page: Page

beforeAll(async () => {
  backend = await startTestBackend({ idle: true })
  const script = await readFile(bundle)
  pages = createServer((request, response) => {
    if (request.url === '/supabase.js') {
      response.setHeader('content-type', 'text/javascript')
      response.end(script)
    } else {
      response.setHeader('content-type', 'text/html')
      response.end('<!doctype html><title>a page</title><script src="/supabase.js"></script>')
    }
  })
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve))
  browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] })
  page = await browser.newPage()
  await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`)
})
afterAll(async () => {
  await browser.close()
  pages.close()
  await backend.stop()
})

type Supabase = typeof supabaseJs

interface Given {
  readonly url: string
  readonly key: string
  readonly email: string
  readonly password: string
}

const given = (nth: number): Given => {
  const { email, password } = backend.users[nth]!
  return { url: backend.supabaseUrl, key: backend.publishableKey, email, password }
}

describe('supabase-js in Chromium', () => {
  it('signs in, reads its own rows through REST, and signs out', async () => {
    await backend.database.query(
      `insert into public.jobs (id, name, kind, tenant_id) values
         ('browser-a', 'Of Acme', 'ETL', 'acme-freight'), ('browser-b', 'Of Borealis', 'ETL', 'borealis-health')`,
    )
    const seen = await page.evaluate(async ({ url, key, email, password }) => {
      const { supabase } = globalThis as unknown as { supabase: Supabase }
      const client = supabase.createClient(url, key)
      const signedIn = await client.auth.signInWithPassword({ email, password })
      const { data, count, error } = await client
        .from('jobs')
        .select('id,name', { count: 'exact' })
        .like('id', 'browser-%')
      const user = await client.auth.getUser()
      const claims = await client.auth.getClaims()
      const out = await client.auth.signOut()
      const after = await client.from('jobs').select('id').like('id', 'browser-%')
      return {
        failures: [signedIn.error, error, user.error, claims.error, out.error].filter(Boolean),
        data,
        count,
        email: user.data.user?.email,
        claimed: claims.data?.claims.email,
        after: after.error?.code ?? after.data?.length,
      }
    }, given(0))
    expect(seen).toEqual({
      failures: [],
      data: [{ id: 'browser-a', name: 'Of Acme' }],
      count: 1,
      email: 'alice@acme.test',
      claimed: 'alice@acme.test',
      after: '42501',
    })
  })

  it('hears changes under row level security, and a broadcast of its own', async () => {
    const heard = page.evaluate(async ({ url, key, email, password }) => {
      const { supabase } = globalThis as unknown as { supabase: Supabase }
      const client = supabase.createClient(url, key, { auth: { storageKey: 'second' } })
      await client.auth.signInWithPassword({ email, password })
      const changes: unknown[] = []
      const told = Promise.withResolvers<undefined>()
      const active = Promise.withResolvers<undefined>()
      const echoed = Promise.withResolvers<unknown>()
      const channel = client
        .channel('desk', { config: { broadcast: { self: true } } })
        .on(
          'postgres_changes',
          { event: 'UPDATE', schema: 'public', table: 'jobs' },
          ({ new: row }) => {
            changes.push([row.id, row.message])
            if (row.message === 'last') told.resolve(undefined)
          },
        )
        .on('broadcast', { event: 'hello' }, ({ payload }) => echoed.resolve(payload))
        .on('system', {}, ({ status }: { status: string }) => {
          if (status === 'ok') active.resolve(undefined)
        })
        .subscribe()
      await active.promise
      await channel.send({ type: 'broadcast', event: 'hello', payload: { from: 'me' } })
      ;(globalThis as unknown as { isActive: boolean }).isActive = true
      await told.promise
      const echo = await echoed.promise
      await client.removeAllChannels()
      return { changes, echo }
    }, given(2))
    await page.waitForFunction('globalThis.isActive === true')
    for (const message of ['first', 'last']) {
      await backend.database.query(
        `update public.jobs set message = $1 where id in ('browser-a', 'browser-b')`,
        [message],
      )
    }
    expect(await heard).toEqual({
      changes: [
        ['browser-b', 'first'],
        ['browser-b', 'last'],
      ],
      echo: { from: 'me' },
    })
  })

  it('is told by code what it did wrong', async () => {
    const codes = await page.evaluate(async ({ url, key, email }) => {
      const { supabase } = globalThis as unknown as { supabase: Supabase }
      const client = supabase.createClient(url, key, { auth: { storageKey: 'third' } })
      const wrong = await client.auth.signInWithPassword({ email, password: 'wrong' })
      const table = await client.from('nowhere').select('*')
      return [wrong.error?.code, table.error?.code]
    }, given(0))
    expect(codes).toEqual(['invalid_credentials', 'PGRST205'])
  })
})
