import { afterEach, beforeEach, describe, expect } from 'vitest'
import { Secret } from '../../src/main/lib/secret.ts'
import { wordsFor } from '../../src/renderer/diagnostics/wording.ts'
import type { Outcome } from '../../src/shared/failure.ts'
import { FakeAuthServer } from '../support/fake-auth-server.ts'
import type { Misbehaviour } from '../support/fake-auth-server.ts'
import { settle } from '../support/fake-clock.ts'
import { fault } from '../support/fault.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { line, MemoryConsole } from '../support/memory-ports-console.ts'
import { password, TestComputer } from '../support/session-parts.ts'
import { email } from '../support/signed-in-line.ts'
import { wireJob } from '../support/wire-jobs.ts'

const hourMs = 3_600_000
const refreshPath = /grant_type=refresh_token/

let server: FakeAuthServer
let proxy: FaultProxy
let computer: TestComputer

beforeEach(async () => {
  server = await FakeAuthServer.open()
  proxy = await FaultProxy.start(server.url)
  computer = new TestComputer()
  server.clock = computer.clock
})
afterEach(async () => {
  expect(computer.clock.armed).toBe(0)
  await proxy.stop()
  await server.close()
})

/** Signed in behind the proxy, with a token that wants to be renewed. */
async function due() {
  const open = computer.open({ url: proxy.url })
  expect(await open.session.signIn(email, password)).toMatchObject({ ok: true })
  await settle()
  computer.clock.jump(hourMs)
  return {
    ...open,
    [Symbol.asyncDispose]: async () => {
      await open.scope.close('test over')
    },
  }
}
const kept = (): string | undefined => {
  const entry = computer.keychain.entries.get('session.test') ?? '{}'
  return (JSON.parse(entry) as { refresh_token?: string }).refresh_token
}
const textOf = (outcome: Outcome<Secret>): string =>
  outcome.ok ? outcome.value.reveal() : outcome.failure.code

describe('a refresh', () => {
  fault(44, 'is asked for once, however many want it', async () => {
    await using opened = await due()
    const { session } = opened
    const answers = await Promise.all(Array.from({ length: 100 }, () => session.current()))
    expect(new Set(answers.map(textOf)).size).toBe(1)
    expect(answers.every(({ ok }) => ok)).toBe(true)
    expect(server.refreshes).toBe(1)
    return `100 callers: ${server.refreshes} refresh, one token for all`
  })

  fault(
    44,
    'is asked for once when a hundred sockets were refused with the same token',
    async () => {
      await using opened = await due()
      computer.clock.jump(-hourMs)
      const { session } = opened
      const current = await session.current()
      const refused = current.ok ? current.value : new Secret('')
      const answers = await Promise.all(Array.from({ length: 100 }, () => session.renew(refused)))
      expect(new Set(answers.map(textOf)).size).toBe(1)
      expect(answers.map(textOf)).not.toContain(refused.reveal())
      expect(await session.renew(refused)).toEqual(await session.current())
      expect(server.refreshes).toBe(1)
      return `100 refused sockets: ${server.refreshes} refresh`
    },
  )

  fault(41, 'whose reply is lost is made once more, with the old token', async () => {
    await using opened = await due()
    const before = kept()
    proxy.rule({ on: 'request', path: refreshPath }, { act: 'lose-reply' })
    expect(await opened.session.current()).toMatchObject({ ok: true })
    const sent = server.requests.slice(1).map(({ body }) => body.refresh_token)
    expect(sent).toEqual([before, before])
    await settle()
    expect(kept()).not.toBe(before)
    expect(opened.session.view.kind).toBe('signed-in')
    return `${sent.length} requests with one token, then another is kept; ${opened.session.view.kind}`
  })

  fault(
    42,
    'that hangs is given up at 10 s, and its callers go on with the living token',
    async () => {
      await using opened = await due()
      const { session } = opened
      computer.clock.jump(-hourMs)
      const living = textOf(await session.current())
      computer.clock.jump(hourMs)
      proxy.rule({ on: 'request', path: refreshPath }, { act: 'never-answer' })
      let settled = 0
      const waiting = [session.current(), session.current()]
      for (const one of waiting) void one.then(() => (settled += 1))
      while (proxy.log.at('request', 'never-answer').length === 0) {
        await new Promise((resolve) => setImmediate(resolve))
      }
      await computer.clock.advance(9_999)
      expect(settled).toBe(0)
      await computer.clock.advance(1)
      expect((await Promise.all(waiting)).map(textOf)).toEqual([living, living])
      expect(session.view.kind).toBe('signed-in')
      return `given up after 10,000 ms; ${waiting.length} callers with the living token; ${session.view.kind}`
    },
  )

  const answers: [string, Misbehaviour][] = [
    ['500', { status: 500 }],
    ['502 with a page', { status: 502, body: '<html>', headers: { 'content-type': 'text/html' } }],
    ['200 with a page', { act: 'portal' }],
    ['429', { status: 429 }],
    ['a wrong key for a while', { status: 401, body: { message: 'Invalid API key' } }],
    ['words nobody knows', { status: 400, body: { code: 'something_new' } }],
    ['a broken connection, twice', { act: 'reset' }],
  ]
  for (const [name, behaviour] of answers) {
    fault(43, `that is answered by ${name} costs no session`, async () => {
      await using opened = await due()
      const { session } = opened
      const before = kept()
      server.always(behaviour)
      expect(await session.current()).toMatchObject({ ok: true })
      expect(session.view.kind).toBe('signed-in')
      expect(kept()).toBe(before)
      server.always(null)
      const renewed = new Promise<void>((resolve) => session.onRenewed(resolve))
      await computer.clock.advance(1_000)
      await renewed
      await settle()
      expect(kept()).not.toBe(before)
      return `${name}: ${session.view.kind}, renewed at the next try`
    })
  }

  fault(
    40,
    'of a token that somebody else used signs out, says so, and is not repeated',
    async () => {
      const desk = new MemoryConsole([line()])
      desk.servers.lifetimeS = 600
      desk.servers.put(wireJob())
      await desk.start()
      await desk.signIn()
      desk.sockets.last.accept()
      desk.sockets.last.say({ type: 'snapshot', job: wireJob() })
      desk.servers.refusesRefresh = 'refresh_token_already_used'
      await desk.advance(520_000)
      const [receipt] = desk.ipc.payloads('session:ended')
      expect(receipt).toMatchObject({ reason: 'session_used_elsewhere' })
      expect(receipt?.lines.filter(({ left }) => left > 0)).toEqual([])
      desk.expectNoSession()
      expect(desk.servers.presented).toHaveLength(1)
      await desk.app.close()
      const { reason } = wordsFor('session_used_elsewhere')
      return `${desk.servers.presented.length} request; signed out, "${reason}"; 0 sockets, 0 timers, 0 entries`
    },
  )
})
