import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { FakeAuthServer } from '../support/fake-auth-server.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { fault } from '../support/fault.ts'
import { MemoryConsole } from '../support/memory-ports-console.ts'
import type { SessionNews, SessionOrder } from '../support/session-child.ts'
import { wireJob } from '../support/wire-jobs.ts'

const script = fileURLToPath(new URL('../support/session-child.ts', import.meta.url))

let server: FakeAuthServer
let folder: string

beforeEach(async () => {
  server = await FakeAuthServer.open()
  // As early as the clock of the other process begins.
  server.clock = new FakeClock()
  folder = mkdtempSync(join(tmpdir(), 'signalbox-session-'))
})
afterEach(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

/** One start of the app on this computer. */
class Run {
  readonly #child: ChildProcess
  readonly #news: SessionNews[] = []
  #grown = Promise.withResolvers<undefined>()

  constructor() {
    this.#child = spawn(process.execPath, [script, folder, server.url], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#child.on('message', (news: SessionNews) => {
      this.#news.push(news)
      this.#grown.resolve(undefined)
      this.#grown = Promise.withResolvers()
    })
  }

  order(order: SessionOrder): void {
    this.#child.send(order)
  }

  /** News of this kind, once each, and what the session looked like then. */
  async told(kind: SessionNews['kind']): Promise<string> {
    for (;;) {
      const at = this.#news.findIndex((news) => news.kind === kind)
      const [news] = at < 0 ? [] : this.#news.splice(at, 1)
      if (news !== undefined) return news.view
      await this.#grown.promise
    }
  }

  /** Without a word of goodbye. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }
}

describe('the end of the process', () => {
  fault(71, 'by kill -9 between the reply and the save: the next start recovers', async () => {
    await using first = new Run()
    first.order('sign in')
    await first.told('saving')
    await first.told('saved')
    await first.told('done')
    first.order('refresh')
    await first.told('saving')
    await first[Symbol.asyncDispose]()
    expect(server.refreshes).toBe(1)
    expect(readdirSync(folder)).toHaveLength(1)
    await using second = new Run()
    second.order('restore')
    await second.told('done')
    second.order('refresh')
    const view = await second.told('done')
    expect(view).toBe('signed-in')
    const sent = server.requests.flatMap(({ body }) =>
      typeof body.refresh_token === 'string' ? [body.refresh_token] : [],
    )
    expect(sent).toHaveLength(2)
    expect(new Set(sent).size).toBe(1)
    return `killed while saving; the same token once more, ${view}`
  })

  fault(
    71,
    'by quitting in the middle of a refresh: over within 1 s, and signed in again',
    async () => {
      const desk = new MemoryConsole()
      desk.servers.put(wireJob())
      desk.servers.lifetimeS = 600
      await desk.start()
      await desk.signIn()
      await desk.advance(505_000)
      desk.servers.auth = 'silent'
      await desk.advance(6_000)
      expect(desk.servers.pending).toBeGreaterThan(0)
      const beganAtMs = desk.clock.monotonic()
      let tookMs = Infinity
      void desk.app.close().then(() => (tookMs = desk.clock.monotonic() - beganAtMs))
      await desk.settle()
      await desk.advance(1_000)
      expect(tookMs).toBeLessThanOrEqual(1_000)
      expect([desk.servers.pending, desk.sockets.live, desk.clock.armed]).toEqual([0, 0, 0])
      desk.servers.auth = 'well'
      const next = new MemoryConsole(desk.profiles, desk)
      await next.start()
      await next.advance(1_000)
      const views = await next.ipc.call('workspaces:list')
      expect(views).toMatchObject({ value: [{ session: { kind: 'signed-in' } }] })
      await next.app.close()
      return `closed after ${tookMs} ms with 0 requests and sockets; signed in at the next start`
    },
  )
})
