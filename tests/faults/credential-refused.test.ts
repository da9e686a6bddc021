import { describe, expect } from 'vitest'
import { ConnectionBench } from '../support/connection-bench.ts'
import { settle } from '../support/fake-clock.ts'
import { FakeTokens } from '../support/fake-tokens.ts'
import { fault } from '../support/fault.ts'
import type { FaultProxy } from '../support/fault-proxy.ts'
import { LiveSource } from '../support/live-source.ts'
import { password, TestComputer } from '../support/session-parts.ts'
import { FakeAuthServer } from '../support/fake-auth-server.ts'
import { email, ownJob, SignedInLine } from '../support/signed-in-line.ts'
import { until } from '../support/until.ts'
import { wireJob } from '../support/wire-jobs.ts'

const hourMs = 3_600_000
const ids = ['a', 'b', 'c', 'd']

describe('a token that the gateway refuses', () => {
  fault(31, 'expired at the server: one refresh for the list and every socket', async () => {
    await using signed = await SignedInLine.live({ jobs: ids.map((id) => ownJob({ id })) })
    const { auth, line, servers } = signed
    servers.aheadMs = hourMs
    line.proxy.cut()
    await until('the drop is noticed', () => line.bench.state === 'reconnecting')
    await line.passing('all are back', () => line.bench.source.view.sockets === ids.length)
    await line.reached('live', ids.length)
    expect(auth.refreshes).toBe(1)
    expect(signed.session.view.kind).toBe('signed-in')
    return `${ids.length} sockets and the list: ${auth.refreshes} refresh, ${line.bench.state}`
  })

  fault(31, 'expired, and the session is over: signed out', async () => {
    await using signed = await SignedInLine.live()
    const { auth, line, servers, session } = signed
    const ended: string[] = []
    session.onEnded((reason) => ended.push(reason))
    auth.sessions.clear()
    servers.aheadMs = hourMs
    line.proxy.cut()
    await line.passing('it has stopped', () => line.bench.source.stopped !== null)
    expect(ended).toEqual(['session_ended'])
    expect(session.view).toEqual({ kind: 'signed-out', reason: 'session_ended' })
    expect(line.gateway.connections).toBe(0)
    expect(auth.refreshes).toBe(1)
    return `refused: ${auth.refreshes} refresh, ${session.view.kind} (${ended.join()})`
  })

  const [head] = ['{"alg":"none","typ":"JWT"}'].map((text) =>
    Buffer.from(text).toString('base64url'),
  )
  const forgeries: Readonly<Record<string, (token: string) => string>> = {
    'a wrong signature': (token) => token.replace(/.{4}$/, 'AAAA'),
    'alg none, signed with anything': (token) => `${head ?? ''}.${token.split('.')[1] ?? ''}.AAAA`,
  }
  for (const [name, forge] of Object.entries(forgeries)) {
    fault(33, `${name}: one refresh, one retry, and no loop`, async () => {
      await using signed = await SignedInLine.open({ beforeSignIn: (auth) => (auth.forge = forge) })
      const { auth, line } = signed
      await line.passing('it has stopped', () => line.bench.source.stopped !== null)
      expect(line.bench.source.stopped).toBe('token_signature')
      const asked = line.gateway.requests.length + line.gateway.dials.length
      await signed.clock.advance(600_000)
      expect(line.gateway.requests.length + line.gateway.dials.length).toBe(asked)
      expect([auth.refreshes, asked]).toEqual([1, 2])
      return `${name}: ${auth.refreshes} refresh, ${asked} requests, stopped (${line.bench.source.stopped ?? ''})`
    })
  }

  const broken: [number, string, (token: string) => string][] = [
    [33, 'alg none without a signature', (token) => token.replace(/[^.]+$/, '')],
    [33, 'a truncated token', (token) => token.split('.').slice(0, 2).join('.')],
    [49, 'a token with a line break', (token) => `${token}\r\nX-Injected: 1`],
    [49, 'a token of 17 KB', (token) => `${token}${'A'.repeat(17 * 1_024)}`],
  ]
  for (const [number, name, forge] of broken) {
    fault(number, `${name} is refused before it is used`, async () => {
      const auth = await FakeAuthServer.open()
      auth.forge = forge
      const { session, scope } = new TestComputer().open({ url: auth.url })
      const outcome = await session.signIn(email, password)
      const code = outcome.ok ? 'signed in' : outcome.failure.code
      expect(['token_malformed', 'protocol_error']).toContain(code)
      expect(await session.current()).toMatchObject({ ok: false })
      await scope.close('test over')
      await auth.close()
      return `${name}: refused at sign-in (${code})`
    })
  }

  fault(39, 'valid only in 30 s: tried again then, and no sign-out', async () => {
    await using signed = await SignedInLine.open({
      beforeSignIn: (auth) => {
        const nowS = auth.clock.now() / 1_000
        auth.claims = { ...auth.claims, nbf: nowS + 30, iat: nowS + 30 }
      },
    })
    const { auth, line, session, clock } = signed
    await until('it waits', () => line.bench.source.view.reason === 'token_not_yet_valid')
    const waitMs = (line.bench.source.view.nextTryAtMs ?? 0) - clock.now()
    await line.passing('it is live', () => line.bench.state === 'live')
    expect(auth.refreshes).toBe(0)
    expect(session.view.kind).toBe('signed-in')
    return `again after ${waitMs} ms, then ${line.bench.state}; ${auth.refreshes} refreshes, ${session.view.kind}`
  })

  fault(45, 'revoked at the server: the next 1008 ends the session', async () => {
    await using signed = await SignedInLine.live()
    const { auth, line, session, clock } = signed
    const revoke = (): string => 'session_revoked'
    line.gateway.refuse = revoke
    auth.sessions.clear()
    const noticedAtMs = clock.monotonic()
    line.gateway.each((socket) => socket.close(1008, 'session_revoked'))
    await line.passing('it is over', () => session.view.kind === 'signed-out')
    const tookMs = clock.monotonic() - noticedAtMs
    expect(tookMs).toBeLessThanOrEqual(12_000)
    await until('it has stopped', () => line.bench.source.stopped !== null)
    expect(line.gateway.connections).toBe(0)
    return `signed out ${tookMs <= 1_000 ? 'within 1 s' : `after ${tookMs} ms`} of the notice; 0 sockets`
  })
})

describe('refusals of one stream, and of all', () => {
  const forbidden: Readonly<Record<string, (proxy: FaultProxy) => unknown>> = {
    '403 at the upgrade': (proxy) =>
      proxy.rule(
        { on: 'upgrade', path: /a$/, times: Infinity },
        {
          act: 'respond',
          status: 403,
          headers: { 'Content-Type': 'application/json' },
          body: '{"error":{"code":"forbidden"}}',
        },
      ),
    '4403': (proxy) =>
      proxy.rule(
        { on: 'upgrade', path: /a$/, times: Infinity },
        { act: 'accept-and-close', code: 4403, reason: 'forbidden' },
      ),
  }
  for (const [name, arrange] of Object.entries(forbidden)) {
    fault(46, `${name}: this job stops alone, the others live, no token is spent`, async () => {
      await using line = await LiveSource.open({
        jobs: [wireJob({ id: 'a' }), wireJob({ id: 'b' })],
        arrange: (_gateway, proxy) => arrange(proxy),
      })
      await line.reached('live', 1)
      await line.rounds(4)
      const dials = line.proxy.log.at('upgrade').map(({ path }) => path)
      expect(dials.filter((path) => path?.endsWith('a'))).toHaveLength(1)
      expect(line.bench.source.view).toMatchObject({ state: 'live', sockets: 1 })
      expect(line.bench.tokens.renewals).toBe(0)
      return `${name}: 1 dial, 0 refreshes, the other is ${line.bench.state}`
    })
  }

  fault(
    47,
    '1008: one refresh; refused again within 60 s it stops, later it is refreshed again',
    async () => {
      const seen: string[] = []
      for (const afterMs of [11_000, 61_000]) {
        const bench = new ConnectionBench({ transport: 'header' })
        await bench.open()
        bench.sockets.last.end({ code: 1008, reason: 'token_expired' })
        await settle()
        bench.sockets.last.accept()
        bench.sockets.last.say('valid')
        for (let ms = 0; ms < afterMs; ms += 1_000) {
          await bench.clock.advance(1_000)
          bench.sockets.last.pong()
        }
        bench.sockets.last.end({ code: 1008, reason: 'token_expired' })
        await settle()
        const { state } = bench.connection
        expect(state.kind).toBe(afterMs < 60_000 ? 'stopped' : 'dialling')
        expect(bench.tokens.renewals).toBe(afterMs < 60_000 ? 1 : 2)
        seen.push(
          `again after ${afterMs / 1_000} s: ${state.kind}, ${bench.tokens.renewals} refreshes`,
        )
        await bench.scope.close('test over')
      }
      return seen.join(', ')
    },
  )

  fault(47, '1008 of an old token that was renewed meanwhile costs no refresh', async () => {
    await using line = await LiveSource.live()
    const tokens = line.bench.tokens
    line.gateway.refuse = (token) => (token === 'token-1' ? 'token_expired' : null)
    line.gateway.each((socket) => socket.close(1008, 'token_expired'))
    line.gateway.each((socket) => socket.close(1008, 'token_expired'))
    await line.passing('it is back', () => line.gateway.dials.length === 2)
    await line.reached('live', 1)
    expect(tokens.renewals).toBe(1)
    return `twice at once: ${tokens.renewals} refresh`
  })

  fault(48, '4401 refreshes, 4409 stops, 4429 waits for 10 s at least', async () => {
    const seen: string[] = []
    for (const code of [4401, 4409, 4429]) {
      await using line = await LiveSource.live()
      line.gateway.each((socket) => socket.close(code))
      await until('it is told', () => line.bench.source.view.sockets === 0)
      const { view } = line.bench.source
      if (code === 4401) {
        await line.reached('live', 1)
        expect(line.bench.tokens.renewals).toBe(1)
        seen.push(`4401: ${line.bench.tokens.renewals} refresh, ${line.bench.state}`)
        continue
      }
      expect(line.bench.tokens.renewals).toBe(0)
      if (code === 4409) {
        expect(line.bench.source.stopped).toBe('signed_in_elsewhere')
        seen.push(`4409: stopped (${line.bench.source.stopped ?? ''})`)
      } else {
        expect(view.reason).toBe('rate_limited')
        const waitMs = (view.nextTryAtMs ?? 0) - line.bench.clock.now()
        expect(waitMs).toBe(11_000)
        seen.push(`4429: again after ${waitMs} ms`)
      }
    }
    return seen.join('; ')
  })

  fault(49, 'a socket is not dialled with a token that cannot be sent', async () => {
    const texts = ['a\r\nb', 'a b', 'ä', '', 'x'.repeat(16 * 1_024)]
    for (const text of texts) {
      const tokens = new FakeTokens()
      Object.defineProperty(tokens, 'token', { get: () => text })
      await using line = await LiveSource.open({ tokens })
      await until('it has stopped', () => line.bench.source.stopped !== null)
      expect(line.bench.source.stopped).toBe('token_malformed')
      expect(line.proxy.log.events).toEqual([])
    }
    return `${texts.length} kinds: 0 connections`
  })
})
