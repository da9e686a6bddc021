import { afterEach, describe, expect, it } from 'vitest'
import { line, MemoryConsole } from '../support/memory-ports-console.ts'
import { wireJob } from '../support/wire-jobs.ts'

const opened: MemoryConsole[] = []

async function open(...parts: ConstructorParameters<typeof MemoryConsole>): Promise<MemoryConsole> {
  const console = new MemoryConsole(...parts)
  opened.push(console)
  await console.start()
  return console
}

/** Signed in, with one job on one open socket. */
async function openLive(): Promise<{ desk: MemoryConsole; id: string }> {
  const desk = await open()
  desk.servers.put(wireJob())
  const id = await desk.signIn()
  desk.sockets.last.accept()
  desk.sockets.last.say({ type: 'snapshot', job: wireJob() })
  await desk.clock.advance(1_000)
  await desk.settle()
  return { desk, id }
}

afterEach(async () => {
  for (const desk of opened) await desk.app.close()
  for (const desk of opened.splice(0)) {
    await desk.settle()
    expect([desk.app.size, desk.clock.armed, desk.sockets.live, desk.ipc.held]).toEqual([
      0, 0, 0, 0,
    ])
  }
})

const views = async (desk: MemoryConsole) => {
  const answer = await desk.ipc.call('workspaces:list')
  return answer.ok ? answer.value : []
}
const connection = async (desk: MemoryConsole) => (await views(desk))[0]?.connection

describe('starting', () => {
  it('dials nobody, shows no workspace and writes nothing before sign-in', async () => {
    const desk = await open()
    expect(desk.sockets.all).toEqual([])
    expect(desk.ipc.sent).toEqual([])
    expect(await views(desk)).toEqual([])
    expect([...desk.keychain.entries]).toEqual([])
  })

  it('lists the profiles of the command line without their demo passwords', async () => {
    const desk = await open()
    const answer = await desk.ipc.call('profiles:list')
    expect(answer).toMatchObject({ value: [{ id: 'line', fixed: true }] })
    expect(JSON.stringify(answer)).toContain('ada@example.com')
    expect(JSON.stringify(answer)).not.toContain('lovelace')
  })

  it('closes a locked workspace whose session is gone once the keychain opens', async () => {
    const { desk: before } = await openLive()
    await before.app.close()
    const { keychain, files, servers, clock } = before
    keychain.trouble = 'locked'
    const desk = await open(before.profiles, { keychain, files, servers, clock })
    const [locked] = await views(desk)
    expect(locked?.session.kind).toBe('keychain-locked')
    keychain.trouble = null
    keychain.entries.clear()
    const unlocked = await desk.ipc.call('session:unlock', { workspaceId: locked?.id ?? '' })
    expect(unlocked.ok).toBe(true)
    expect(await views(desk)).toEqual([])
  })

  it('restores what is kept, and only that', async () => {
    const { desk } = await openLive()
    await desk.app.close()
    const profiles = [line(), line({ id: 'other', name: 'Other' })]
    const next = await open(profiles, desk)
    expect(await views(next)).toMatchObject([{ profileId: 'line', session: { kind: 'signed-in' } }])
  })
})

describe('signing in', () => {
  it('ends with live rows in the window', async () => {
    const { desk, id } = await openLive()
    expect(await views(desk)).toMatchObject([
      {
        id,
        operator: { email: 'ada@example.com', tenants: [{ id: 'acme' }] },
        session: { kind: 'signed-in' },
        connection: { kind: 'live' },
        keeping: 'keychain',
      },
    ])
    expect(await desk.ipc.call('jobs:open', { workspaceId: id })).toMatchObject({
      value: { rows: [{ id: 'job-1', progress: 10, remembered: false }] },
    })
    const batch = desk.ipc.next('jobs:batched')
    desk.sockets.last.say({
      type: 'progress',
      ...wireJob({ progress: 60, seq: 2 }),
      job_id: 'job-1',
    })
    await desk.clock.advance(200)
    expect(await batch).toMatchObject({ workspaceId: id, rows: [{ id: 'job-1', progress: 60 }] })
  })

  it('publishes that the workspace is there, at most every 250 ms and only on change', async () => {
    const desk = await open()
    const seen: number[] = []
    desk.ipc.on('workspaces:changed', () => seen.push(desk.clock.monotonic()))
    await desk.signIn()
    await desk.clock.advance(5_000)
    expect(seen.length).toBeGreaterThan(0)
    const gaps = seen.slice(1).map((at, index) => at - (seen[index] ?? 0))
    expect(gaps.every((gap) => gap >= 250)).toBe(true)
    const texts = desk.ipc.payloads('workspaces:changed').map((list) => JSON.stringify(list))
    expect(texts.every((text, index) => text !== texts[index - 1])).toBe(true)
  })

  it('says in a code that the password is wrong, and leaves nothing', async () => {
    const desk = await open()
    const answer = await desk.ipc.call('session:sign-in', {
      profileId: 'line',
      email: 'ada@example.com',
      password: 'wrong',
    })
    expect(answer).toMatchObject({ ok: false, failure: { code: 'credentials_wrong' } })
    await desk.settle()
    expect(await views(desk)).toEqual([])
    desk.expectNoSession()
    expect(desk.ipc.payloads('session:ended')).toEqual([])
  })

  it('signs a demo user in without the window knowing the password', async () => {
    const desk = await open()
    const email = 'ada@example.com'
    expect(await desk.ipc.call('session:sign-in-demo', { profileId: 'line', email })).toMatchObject(
      {
        ok: true,
      },
    )
    expect(
      await desk.ipc.call('session:sign-in-demo', { profileId: 'line', email: 'x@example.com' }),
    ).toMatchObject({ failure: { code: 'argument_invalid', field: 'email' } })
  })

  it('can be given up while the server is silent', async () => {
    const desk = await open()
    desk.servers.auth = 'silent'
    const answer = desk.ipc.call('session:sign-in', {
      profileId: 'line',
      email: 'ada@example.com',
      password: 'lovelace',
    })
    await desk.settle()
    expect(await views(desk)).toMatchObject([{ session: { kind: 'signing-in' } }])
    await desk.ipc.call('session:cancel', { profileId: 'line' })
    expect(await answer).toMatchObject({ failure: { code: 'cancelled' } })
    await desk.settle()
    expect(await views(desk)).toEqual([])
    desk.expectNoSession()
  })

  it('lets the last of two attempts win', async () => {
    const desk = await open()
    const profileId = 'line'
    const first = desk.ipc.call('session:sign-in', {
      profileId,
      email: 'ada@example.com',
      password: 'lovelace',
    })
    const second = desk.ipc.call('session:sign-in', {
      profileId,
      email: 'bob@example.com',
      password: 'builder',
    })
    expect(await first).toMatchObject({ failure: { code: 'cancelled' } })
    expect(await second).toMatchObject({ ok: true })
    expect(await views(desk)).toMatchObject([{ operator: { email: 'bob@example.com' } }])
  })

  it('keeps two profiles side by side, each with its own tenant', async () => {
    const desk = await open([line(), line({ id: 'other', name: 'Other' })])
    desk.servers.put(wireJob())
    desk.servers.put(wireJob({ id: 'job-2', tenant_id: 'globex' }))
    const ada = await desk.signIn()
    const bob = await desk.signIn('bob@example.com', 'builder', 'other')
    const rows = async (workspaceId: string) => {
      const answer = await desk.ipc.call('jobs:open', { workspaceId })
      return answer.ok ? answer.value.rows.map(({ id, tenantId }) => `${tenantId}/${id}`) : []
    }
    expect(await rows(ada)).toEqual(['acme/job-1'])
    expect(await rows(bob)).toEqual(['globex/job-2'])
    await desk.signOut(ada)
    expect(await views(desk)).toMatchObject([{ id: bob }])
  })
})

describe('staying connected', () => {
  it('says reconnecting, then offline with the age of what it shows, then live again', async () => {
    const { desk, id } = await openLive()
    desk.servers.gateway = 'unreachable'
    desk.sockets.last.end()
    await desk.clock.advance(5_000)
    expect(await connection(desk)).toMatchObject({ kind: 'reconnecting', reason: 'unreachable' })
    await desk.clock.advance(30_000)
    expect(await connection(desk)).toMatchObject({ kind: 'offline' })
    expect(await desk.ipc.call('jobs:open', { workspaceId: id })).toMatchObject({
      value: { rows: [{ remembered: true, ratePerSecond: null }] },
    })
    desk.servers.gateway = 'well'
    await desk.ipc.call('connection:retry', { workspaceId: id })
    await desk.settle()
    desk.sockets.last.accept()
    desk.sockets.last.say({ type: 'snapshot', job: wireJob({ seq: 3, progress: 70 }) })
    await desk.clock.advance(1_000)
    expect(await connection(desk)).toMatchObject({ kind: 'live' })
  })

  it('never says live when nothing was heard for twelve seconds (I14)', async () => {
    const { desk } = await openLive()
    desk.servers.gateway = 'silent'
    desk.ipc.on('workspaces:changed', ([view]) => {
      if (view?.connection.kind !== 'live') return
      expect(desk.clock.now() - view.connection.heardAtMs).toBeLessThanOrEqual(12_000)
    })
    await desk.clock.advance(13_000)
    expect((await connection(desk))?.kind).not.toBe('live')
  })

  it.each<[string, (desk: MemoryConsole) => Promise<void>]>([
    ['the computer says that it woke', async (desk) => desk.power.resume()],
    [
      'the clock shows that it slept, without an event',
      async (desk) => {
        desk.clock.jump(600_000)
        await desk.clock.advance(1_000)
      },
    ],
    [
      'the network came back',
      async (desk) => {
        desk.network.online = false
        await desk.clock.advance(1_000)
        desk.network.online = true
        await desk.clock.advance(1_000)
      },
    ],
  ])('probes every open socket when %s', async (_, happen) => {
    const { desk } = await openLive()
    const before = desk.sockets.last.pings
    await happen(desk)
    await desk.settle()
    expect(desk.sockets.last.pings).toBeGreaterThan(before)
  })

  it('keeps its connections when a window goes, and feeds the next one (I20)', async () => {
    const { desk, id } = await openLive()
    await desk.ipc.call('jobs:open', { workspaceId: id })
    desk.ipc.closeWindow(1)
    await desk.clock.advance(1_000)
    expect(desk.sockets.all).toHaveLength(1)
    expect(desk.sockets.live).toBe(1)
    expect(await desk.ipc.call('jobs:open', { workspaceId: id })).toMatchObject({
      value: { rows: [{ id: 'job-1' }] },
    })
  })

  it('feeds a hidden window slowly, also in a workspace that opens later', async () => {
    const desk = await open()
    await desk.ipc.call('window:show-state', { visible: false })
    desk.servers.put(wireJob())
    const id = await desk.signIn()
    await desk.ipc.call('jobs:open', { workspaceId: id })
    desk.sockets.last.accept()
    desk.sockets.last.say({ type: 'snapshot', job: wireJob({ seq: 5, progress: 50 }) })
    await desk.clock.advance(1_000)
    expect(desk.ipc.payloads('jobs:batched')).toEqual([])
    await desk.clock.advance(1_500)
    expect(desk.ipc.payloads('jobs:batched')).toHaveLength(1)
  })

  it('forgets the jobs of a tenant that a renewed token names no more (I12)', async () => {
    const { desk, id } = await openLive()
    for (const session of desk.servers.sessions.values()) session.tenantId = 'borealis'
    await desk.advance(desk.servers.lifetimeS * 1_000)
    expect(await views(desk)).toMatchObject([{ operator: { tenants: [{ id: 'borealis' }] } }])
    expect(await desk.ipc.call('jobs:open', { workspaceId: id })).toMatchObject({
      value: { rows: [], groups: [] },
    })
    expect(desk.sockets.live).toBe(0)
  })

  it('reads a timeline through the same session', async () => {
    const { desk, id } = await openLive()
    expect(await desk.ipc.call('jobs:read-timeline', { workspaceId: id, jobId: 'job-1' })).toEqual({
      ok: true,
      value: { entries: [] },
    })
  })
})

describe('closing the app', () => {
  it('leaves nothing open and keeps the session', async () => {
    const { desk } = await openLive()
    await desk.app.close()
    await desk.settle()
    expect([desk.app.size, desk.sockets.live, desk.clock.armed, desk.servers.pending]).toEqual([
      0, 0, 0, 0,
    ])
    expect(desk.keychain.entries.size).toBeGreaterThan(0)
    expect(desk.servers.sessions.size).toBe(1)
    expect(desk.ipc.payloads('session:ended')).toEqual([])
  })

  it('is over within a second, also when everything hangs', async () => {
    const { desk } = await openLive()
    desk.servers.gateway = 'silent'
    desk.servers.auth = 'silent'
    await desk.clock.advance(4_000)
    desk.keychain.hangs = true
    let over = false
    void desk.app.close().then(() => {
      over = true
    })
    await desk.clock.advance(1_000)
    await desk.settle()
    expect(over).toBe(true)
    expect([desk.sockets.live, desk.servers.pending]).toEqual([0, 0])
  })

  it('sends nothing to any window afterwards', async () => {
    const { desk, id } = await openLive()
    await desk.ipc.call('jobs:open', { workspaceId: id })
    await desk.app.close()
    const before = desk.ipc.sent.length
    desk.sockets.last.say({ type: 'snapshot', job: wireJob({ seq: 9, progress: 90 }) })
    await desk.clock.advance(60_000)
    expect(desk.ipc.sent).toHaveLength(before)
  })
})
