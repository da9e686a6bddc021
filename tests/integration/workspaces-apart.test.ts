import { afterEach, describe, expect, it } from 'vitest'
import type { HttpFetch } from '../../src/main/ports.ts'
import type { WorkspaceView } from '../../src/shared/workspace.ts'
import { FakeClock } from '../support/fake-clock.ts'
import type { MemoryConsole } from '../support/memory-ports-console.ts'
import { line } from '../support/memory-ports-console.ts'
import { MemoryServers } from '../support/memory-ports-servers.ts'
import { closeAll, newConsole, quit } from '../support/offline-console.ts'
import { wireJob } from '../support/wire-jobs.ts'

afterEach(closeAll)

const ids = ['live', 'refused', 'offline'] as const
type Id = (typeof ids)[number]

/** Three environments, each with servers of its own, on one computer. */
class ThreeLines {
  readonly clock = new FakeClock()
  readonly servers: Readonly<Record<Id, MemoryServers>>
  readonly profiles = ids.map((id, index) =>
    line({
      id,
      name: id,
      supabaseUrl: `http://127.0.0.1:${index + 1}`,
      gatewayUrl: `http://127.0.0.1:${index + 1}`,
    }),
  )
  readonly desk: MemoryConsole
  readonly #idOf = (url: string): Id => ids[Number(new URL(url).port) - 1] ?? 'live'

  constructor(before?: ThreeLines) {
    const clock = before?.clock ?? this.clock
    const servers = () => new MemoryServers(clock)
    this.servers = before?.servers ?? { live: servers(), refused: servers(), offline: servers() }
    const fetch: HttpFetch = (input, init) =>
      this.servers[this.#idOf(input instanceof Request ? input.url : String(input))].fetch(
        input,
        init,
      )
    this.desk = newConsole(this.profiles, before?.desk ?? { clock }, { fetch })
  }

  async view(id: Id): Promise<WorkspaceView | undefined> {
    const answer = await this.desk.ipc.call('workspaces:list')
    return answer.ok ? answer.value.find(({ profileId }) => profileId === id) : undefined
  }

  async rows(id: Id): Promise<string[]> {
    const workspaceId = (await this.view(id))?.id ?? ''
    const answer = await this.desk.ipc.call('jobs:open', { workspaceId })
    return answer.ok
      ? answer.value.rows.map((row) => `${row.id} ${row.remembered ? 'then' : 'now'}`)
      : []
  }

  sockets(id: Id) {
    return this.desk.sockets.all.filter(
      ({ url, state }) => this.#idOf(url) === id && state !== 'closed',
    )
  }

  /** Signs in to all three, each with one job on an open socket. */
  async open(): Promise<void> {
    await this.desk.start()
    for (const id of ids) {
      this.servers[id].put(wireJob({ id: `job-of-${id}` }))
      await this.desk.signIn('ada@example.com', 'lovelace', id)
    }
    for (const id of ids) this.serve(id)
    await this.desk.clock.advance(1_000)
    for (const id of ids) expect((await this.view(id))?.connection.kind).toBe('live')
  }

  serve(id: Id): void {
    for (const socket of this.sockets(id)) {
      socket.accept()
      socket.say({ type: 'snapshot', job: this.servers[id].jobs.get(`job-of-${id}`) })
    }
  }

  /** One is cut off, one is refused; the third answers whatever is asked. */
  async trouble(): Promise<void> {
    this.servers.offline.auth = 'unreachable'
    this.servers.offline.gateway = 'unreachable'
    for (const socket of this.sockets('offline')) socket.end()
    for (const socket of this.sockets('refused')) socket.end({ code: 4409 })
    for (let second = 0; second < 40; second += 1) {
      await this.desk.advance(1_000)
      for (const socket of this.sockets('live')) socket.pong()
    }
  }
}

describe('three workspaces at once', () => {
  it('each says what is true of itself, and no other is disturbed', async () => {
    const three = new ThreeLines()
    await three.open()
    const [socket] = three.sockets('live')
    await three.trouble()
    expect((await three.view('live'))?.connection.kind).toBe('live')
    expect((await three.view('refused'))?.connection).toMatchObject({
      kind: 'refused',
      reason: 'signed_in_elsewhere',
    })
    expect((await three.view('offline'))?.connection).toMatchObject({
      kind: 'offline',
      reason: 'unreachable',
    })
    expect(await three.rows('live')).toEqual(['job-of-live now'])
    expect(await three.rows('refused')).toEqual(['job-of-refused then'])
    expect(await three.rows('offline')).toEqual(['job-of-offline then'])
    expect(three.sockets('live')).toEqual([socket])
  })

  it('one that the server ends takes its own session, rows and snapshot, and nothing of another', async () => {
    const three = new ThreeLines()
    await three.open()
    await three.desk.clock.advance(15_000)
    const { files, keychain, ipc } = three.desk
    expect([files.bytes.size, keychain.entries.size]).toEqual([3, 6])
    three.servers.refused.revokeAll()
    for (const socket of three.sockets('refused')) {
      socket.end({ code: 1008, reason: 'session_revoked' })
    }
    await three.desk.advance(5_000)
    expect(ipc.payloads('session:ended')).toMatchObject([{ profileId: 'refused' }])
    expect([...files.bytes.keys()].sort()).toEqual([
      'snapshot-live.sealed',
      'snapshot-offline.sealed',
    ])
    expect([...keychain.entries.keys()].sort()).toEqual([
      'cache.live',
      'cache.offline',
      'session.live',
      'session.offline',
    ])
    for (const id of ['live', 'offline'] as const) {
      expect(await three.view(id)).toMatchObject({ session: { kind: 'signed-in' } })
      expect(three.sockets(id)).toHaveLength(1)
    }
  })

  it('one that signs out against a server that hangs holds up neither the others nor itself', async () => {
    const three = new ThreeLines()
    await three.open()
    three.servers.offline.auth = 'silent'
    const receipt = await three.desk.signOut((await three.view('offline'))!.id)
    expect(receipt.lines.filter(({ left }) => left > 0)).toEqual([])
    expect(three.sockets('live')).toHaveLength(1)
    expect(three.sockets('refused')).toHaveLength(1)
    expect(three.servers.live.sessions.size).toBe(1)
  })

  it('start again each with its own, whatever became of the others', async () => {
    const before = new ThreeLines()
    await before.open()
    await quit(before.desk)
    before.servers.offline.auth = 'unreachable'
    before.servers.offline.gateway = 'unreachable'
    before.servers.refused.revokeAll()
    await before.clock.advance(7_200_000)
    const three = new ThreeLines(before)
    await three.desk.start()
    await three.desk.advance(3_000)
    three.serve('live')
    await three.desk.advance(1_000)
    expect((await three.view('live'))?.connection.kind).toBe('live')
    expect(await three.rows('live')).toEqual(['job-of-live now'])
    expect((await three.view('offline'))?.session.kind).toBe('unconfirmed')
    expect(await three.rows('offline')).toEqual(['job-of-offline then'])
    expect(await three.view('refused')).toBeUndefined()
    expect(three.desk.ipc.payloads('session:ended')).toMatchObject([
      { profileId: 'refused', reason: 'session_ended' },
    ])
  })

  it('one whose snapshot is damaged is the only one that is told so', async () => {
    const before = new ThreeLines()
    await before.open()
    await quit(before.desk)
    before.desk.files.bytes.set('snapshot-offline.sealed', new Uint8Array(100))
    const three = new ThreeLines(before)
    three.servers.offline.gateway = 'unreachable'
    await three.desk.start()
    expect((await three.view('offline'))?.notes).toEqual(['snapshot_damaged'])
    expect((await three.view('live'))?.notes).toEqual([])
    expect(await three.rows('offline')).toEqual([])
    expect(await three.rows('live')).toEqual(['job-of-live now'])
  })
})
