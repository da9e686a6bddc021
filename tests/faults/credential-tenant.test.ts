import { decodeJwt } from 'jose'
import { describe, expect } from 'vitest'
import { openRealtimeSource } from '../../src/main/sources/realtime-source.ts'
import { fault } from '../support/fault.ts'
import { FakeAuthServer, fakeKey } from '../support/fake-auth-server.ts'
import { line, MemoryConsole } from '../support/memory-ports-console.ts'
import { ScriptedRealtime } from '../support/scripted-realtime.ts'
import { password, TestComputer } from '../support/session-parts.ts'
import { email, SignedInLine } from '../support/signed-in-line.ts'
import { SourceBench } from '../support/source-bench.ts'
import { until } from '../support/until.ts'
import { wireJob } from '../support/wire-jobs.ts'

const roleIn = (token: string): unknown => decodeJwt(token).role

describe('an API key where a session token belongs', () => {
  fault(
    34,
    'the auth server answers with an anon key: refused, and nothing is dialled',
    async () => {
      const desk = new MemoryConsole()
      desk.servers.claims = { role: 'anon' }
      await desk.start()
      const answer = await desk.ipc.call('session:sign-in', {
        profileId: 'line',
        email,
        password: 'lovelace',
      })
      await desk.settle()
      expect(answer).toMatchObject({ ok: false, failure: { code: 'token_wrong_kind' } })
      expect(desk.sockets.all).toEqual([])
      desk.expectNoSession()
      await desk.app.close()
      return `refused at sign-in; ${desk.sockets.all.length} dials`
    },
  )

  fault(34, 'every upgrade and every request of a day carries a session token', async () => {
    await using signed = await SignedInLine.live({
      beforeSignIn: (auth) => (auth.lifetimeS = 600),
      transport: 'query',
    })
    const { line: live } = signed
    for (let hour = 0; hour < 4; hour += 1) {
      await live.seconds(300)
      live.proxy.cut()
      await live.passing('it is back', () => live.bench.state === 'live')
    }
    const sent = [...live.gateway.dials, ...live.gateway.requests].map(({ token }) => token)
    expect(sent).not.toContain(null)
    const roles = new Set(sent.map((token) => roleIn(token ?? '')))
    expect([...roles]).toEqual(['authenticated'])
    expect(live.proxy.requests.some(({ path }) => path.includes(fakeKey))).toBe(false)
    return `${sent.length} dials and requests: all ${[...roles].join()}`
  })

  fault(34, 'every join of Realtime carries a session token, from the first on', async () => {
    const realtime = await ScriptedRealtime.listen()
    const auth = await FakeAuthServer.open()
    const computer = new TestComputer()
    auth.clock = computer.clock
    const { session, scope } = computer.open({ url: auth.url })
    expect(await session.signIn(email, password)).toMatchObject({ ok: true })
    const bench = new SourceBench({
      gatewayUrl: realtime.url,
      publishableKey: fakeKey,
      open: openRealtimeSource,
      supply: session,
      tenantIds: ['tenant-1'],
      clock: computer.clock,
    })
    for (let joins = 1; joins <= 5; joins += 1) {
      await until('it joined', () => {
        void computer.clock.advance(joins === 1 ? 0 : 50)
        return realtime.links.length === joins && bench.state === 'live'
      })
      realtime.cut()
    }
    const tokens = realtime.links.map(({ payload }) => payload.access_token)
    expect(tokens.map((token) => roleIn(token ?? ''))).toEqual(Array(5).fill('authenticated'))
    expect(realtime.dials.map((url) => url.searchParams.get('apikey'))).toEqual(
      Array(realtime.dials.length).fill(fakeKey),
    )
    await bench.scope.close('test over')
    await scope.close('test over')
    await realtime.close()
    await auth.close()
    return `${tokens.length} joins: all authenticated; the key in the address alone`
  })
})

describe('the tenant of a token', () => {
  fault(35, 'is missing: refused by name, and nothing is dialled', async () => {
    const desk = new MemoryConsole([line({ tenantClaim: 'app_metadata.organisation' })])
    desk.servers.put(wireJob())
    await desk.start()
    const answer = await desk.ipc.call('session:sign-in', {
      profileId: 'line',
      email,
      password: 'lovelace',
    })
    await desk.settle()
    expect(answer).toMatchObject({ ok: false, failure: { code: 'tenant_missing' } })
    const asked = desk.servers.requests.filter(({ path }) => path.startsWith('/api/'))
    expect([desk.sockets.all.length, asked.length]).toEqual([0, 0])
    desk.expectNoSession()
    await desk.app.close()
    return `tenant_missing; ${desk.sockets.all.length} dials, ${asked.length} requests`
  })

  fault(
    36,
    'is another one after a renewal: nothing of the old one is dialled or shown',
    async () => {
      const desk = new MemoryConsole()
      desk.servers.lifetimeS = 600
      desk.servers.put(wireJob())
      desk.servers.put(wireJob({ id: 'theirs', tenant_id: 'borealis' }))
      await desk.start()
      const workspaceId = await desk.signIn()
      desk.sockets.last.accept()
      desk.sockets.last.say({ type: 'snapshot', job: wireJob() })
      for (const session of desk.servers.sessions.values()) session.tenantId = 'borealis'
      await desk.advance(520_000)
      const open = await desk.ipc.call('jobs:open', { workspaceId })
      const rows = open.ok ? open.value.rows.map(({ tenantId, id }) => `${tenantId}/${id}`) : []
      const live = desk.sockets.all.filter(({ state }) => state !== 'closed')
      expect(rows).toEqual(['borealis/theirs'])
      // Whether the last dial is still under way is a matter of its backoff.
      const paths = new Set([...live, desk.sockets.last].map(({ url }) => new URL(url).pathname))
      expect([...paths]).toEqual(['/ws/progress/theirs'])
      await desk.app.close()
      return `shown: ${rows.join()}; dialled: ${[...paths].join()}`
    },
  )

  fault(36, 'is not that of a job that the server lists all the same: not dialled', async () => {
    const desk = new MemoryConsole()
    desk.servers.leaks = true
    desk.servers.put(wireJob())
    desk.servers.put(wireJob({ id: 'theirs', tenant_id: 'globex' }))
    await desk.start()
    const workspaceId = await desk.signIn()
    await desk.advance(10_000)
    const paths = new Set(desk.sockets.all.map(({ url }) => new URL(url).pathname))
    expect([...paths]).toEqual(['/ws/progress/job-1'])
    const open = await desk.ipc.call('jobs:open', { workspaceId })
    expect(JSON.stringify(open)).not.toContain('globex')
    await desk.app.close()
    return `a foreign job is listed: ${paths.size} of 2 dialled, our own`
  })
})
