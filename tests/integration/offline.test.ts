import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { openFiles } from '../../src/main/lib/files.ts'
import { line } from '../support/memory-ports-console.ts'
import type { MemoryConsole } from '../support/memory-ports-console.ts'
import {
  byId,
  closeAll,
  file,
  key,
  live,
  newConsole,
  next,
  quit,
  rows,
  serve,
  view,
} from '../support/offline-console.ts'
import { untilAsked } from '../support/until.ts'
import { wireJob } from '../support/wire-jobs.ts'

const hourMs = 3_600_000

afterEach(closeAll)

describe('a start without a network', () => {
  it('shows the last known state with its age at once, frozen, and asks nobody to sign in', async () => {
    const before = await live()
    const heardAtMs = before.clock.now()
    await quit(before)
    await before.clock.advance(600_000)
    const desk = await next(before, { online: false })
    expect(await view(desk)).toMatchObject({
      operator: { email: 'ada@example.com', tenants: [{ id: 'acme' }] },
      session: { kind: 'signed-in' },
      connection: { kind: 'offline', reason: 'offline' },
      notes: [],
    })
    const { connection } = (await view(desk)) ?? {}
    const asOfMs = connection?.kind === 'offline' ? connection.asOfMs : null
    expect(heardAtMs - (asOfMs ?? 0)).toBeLessThanOrEqual(1_000)
    const shown = await rows(desk)
    expect(byId(shown)).toEqual({ 'job-1': true, waits: true, over: true })
    for (const row of shown) {
      expect(row).toMatchObject({ ratePerSecond: null, left: null })
      expect(row.heardAtMs).toBeLessThanOrEqual(heardAtMs)
    }
    await desk.advance(120_000)
    expect(await rows(desk)).toEqual(shown)
    expect((await view(desk))?.connection).toMatchObject({ kind: 'offline', asOfMs })
  })

  it('does so with a token that has died meanwhile, and takes it up where it was when it can', async () => {
    const before = await live()
    await quit(before)
    await before.clock.advance(2 * hourMs)
    const desk = await next(before, { online: false })
    expect((await view(desk))?.session.kind).toBe('unconfirmed')
    expect(Object.keys(byId(await rows(desk)))).toHaveLength(3)
    desk.network.online = true
    desk.servers.auth = 'well'
    desk.servers.gateway = 'well'
    desk.servers.put(wireJob({ seq: 2, progress: 55 }))
    await desk.advance(2_000)
    await serve(desk)
    await desk.advance(4_000)
    expect((await view(desk))?.connection.kind).toBe('live')
    expect(byId(await rows(desk))).toEqual({ 'job-1': false, waits: false, over: false })
    expect((await rows(desk)).find(({ id }) => id === 'job-1')?.progress).toBe(55)
  })

  it('ends as every start does when the server has ended the session, and the snapshot with it', async () => {
    const before = await live()
    await quit(before)
    await before.clock.advance(2 * hourMs)
    before.servers.revokeAll()
    const desk = await next(before)
    await desk.advance(2_000)
    expect(desk.ipc.payloads('session:ended')).toMatchObject([{ reason: 'session_ended' }])
    expect(await view(desk)).toBeUndefined()
    expect([desk.files.bytes.size, desk.files.kept.size, desk.keychain.entries.size]).toEqual([
      0, 0, 0,
    ])
  })

  it('says where the rows are from while it connects', async () => {
    const before = await live()
    await quit(before)
    await before.clock.advance(60_000)
    const desk = await next(before)
    const connection = (await view(desk))?.connection
    expect(connection).toMatchObject({ kind: 'connecting' })
    const asOfMs = connection?.kind === 'connecting' ? connection.asOfMs : null
    expect(desk.clock.now() - (asOfMs ?? 0)).toBeGreaterThanOrEqual(60_000)
  })

  /** The key of the snapshot is not answered before `answer` is called. */
  function slowKey({ keychain }: MemoryConsole): () => void {
    const { read } = keychain
    const { promise: answered, resolve } = Promise.withResolvers<undefined>()
    keychain.read = async (account) => {
      if (account === key) await answered
      return read(account)
    }
    return () => {
      keychain.read = read
      resolve(undefined)
    }
  }

  it('T13: waits 1.5 s at most for what is kept, and shows what comes later if nothing was heard', async () => {
    const before = await live()
    await quit(before)
    const answer = slowKey(before)
    const desk = await next(before)
    expect((await view(desk))?.session.kind).toBe('signed-in')
    await desk.advance(1_400)
    expect([desk.sockets.all.length, await rows(desk)]).toEqual([0, []])
    desk.servers.gateway = 'unreachable'
    await desk.advance(200)
    expect((await view(desk))?.sources).toMatchObject([{ reason: 'unreachable' }])
    answer()
    await desk.settle()
    expect(byId(await rows(desk))).toEqual({ 'job-1': true, waits: true, over: true })
  })

  it('shows nothing late over what was heard by then', async () => {
    const before = await live()
    await quit(before)
    const answer = slowKey(before)
    before.servers.jobs.delete('waits')
    const desk = await next(before)
    await desk.advance(2_000)
    await serve(desk)
    answer()
    await desk.settle()
    expect(byId(await rows(desk))).toEqual({ 'job-1': false, over: false })
  })

  it('claims no moment that has not come, though the clock was set back', async () => {
    const before = await live()
    await quit(before)
    before.clock.jump(-hourMs)
    const desk = await next(before, { online: false })
    const connection = (await view(desk))?.connection
    expect(connection).toMatchObject({ kind: 'offline', asOfMs: desk.clock.now() })
  })

  it('I12: shows only rows of tenants that the token still names', async () => {
    const before = await live()
    const kept = before.files
    await before.clock.advance(15_000)
    const ofAcme = Uint8Array.from(kept.bytes.get(file) ?? [])
    for (const session of before.servers.sessions.values()) session.tenantId = 'borealis'
    const { writeBytes } = kept
    const writtenAtMs: number[] = []
    kept.writeBytes = (name, bytes) => {
      writtenAtMs.push(before.clock.now())
      return writeBytes(name, bytes)
    }
    const seenAtMs = before.ipc
      .next('workspaces:changed', ([told]) => told?.operator?.tenants[0]?.id === 'borealis')
      .then(() => before.clock.now())
    await before.advance(before.servers.lifetimeS * 1_000)
    // On disk as well they are gone at once, and not at the next turn.
    const sinceSeenMs = (
      await seenAtMs.then((at) => writtenAtMs.map((ms) => Math.abs(ms - at)))
    ).sort((a, b) => a - b)
    expect(sinceSeenMs[0]).toBeLessThanOrEqual(250)
    await quit(before)
    // As if the app had been killed between the renewal and the write.
    kept.bytes.set(file, ofAcme)
    const desk = await next(before, { online: false })
    expect(await view(desk)).toMatchObject({ operator: { tenants: [{ id: 'borealis' }] } })
    expect(await rows(desk)).toEqual([])
  })
})

describe('the snapshot of a workspace', () => {
  it('is written every 15 s while something changes, and never holds a word in the clear', async () => {
    const desk = await live()
    expect(desk.files.bytes.has(file)).toBe(false)
    await desk.clock.advance(15_000)
    expect([desk.files.writes, desk.keychain.entries.has(key)]).toEqual([1, true])
    const text = Buffer.from(desk.files.bytes.get(file) ?? []).toString('latin1')
    for (const word of ['Orders', 'acme', 'ada', 'user-of']) expect(text).not.toContain(word)
  })

  it('is not written where the session cannot be kept', async () => {
    const desk = newConsole()
    const { write } = desk.keychain
    desk.keychain.write = async (account, value) =>
      account === key ? write(account, value) : 'locked'
    await live(desk)
    await desk.clock.advance(60_000)
    expect((await view(desk))?.keeping).toBe('keychain-locked')
    expect([desk.files.writes, desk.keychain.entries.size]).toEqual([0, 0])
  })

  it('is written when the connection is lost', async () => {
    const desk = await live()
    desk.servers.gateway = 'unreachable'
    for (const socket of desk.sockets.all) socket.end()
    await desk.advance(4_000)
    expect((await view(desk))?.connection.kind).toBe('reconnecting')
    expect(desk.files.writes).toBe(1)
  })

  it('F65: is written before the computer sleeps; after it nothing is live until it is heard', async () => {
    const desk = await live()
    const { connection: heard } = (await view(desk)) ?? {}
    const asOfMs = heard?.kind === 'live' ? heard.heardAtMs : null
    desk.power.suspend()
    await desk.settle()
    expect(desk.files.writes).toBe(1)
    desk.servers.gateway = 'silent'
    desk.clock.sleep(600_000)
    desk.power.resume()
    await desk.settle()
    const told = desk.ipc.payloads('workspaces:changed').at(-1)
    expect(told).toMatchObject([{ connection: { kind: 'reconnecting', asOfMs } }])
    expect(byId(await rows(desk))).toEqual({ 'job-1': true, waits: true, over: true })
    for (const socket of desk.sockets.all) socket.pong()
    await desk.settle()
    expect((await view(desk))?.connection.kind).toBe('live')
    expect(byId(await rows(desk))).toEqual({ 'job-1': true, waits: true, over: false })
    desk.servers.gateway = 'well'
    await desk.advance(15_000)
    expect(byId(await rows(desk))).toEqual({ 'job-1': false, waits: false, over: false })
  })

  it('that is damaged is dropped with a note and removed, and the rest goes on', async () => {
    const before = await live()
    await quit(before)
    const bytes = before.files.bytes.get(file)!
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 4
    const desk = await next(before)
    expect((await view(desk))?.notes).toEqual(['snapshot_damaged'])
    expect(desk.files.bytes.size).toBe(0)
    await serve(desk)
    await desk.advance(4_000)
    expect((await view(desk))?.connection.kind).toBe('live')
    expect(await rows(desk)).toHaveLength(3)
  })

  it('of one operator is not shown to the next one on the same profile', async () => {
    const before = await live()
    await quit(before)
    before.keychain.entries.delete('session.line')
    const desk = await next(before)
    expect(await view(desk)).toBeUndefined()
    await desk.signIn('bob@example.com', 'builder')
    expect(await rows(desk)).toEqual([])
    await desk.clock.advance(20_000)
    await quit(desk)
    const after = await next(desk, { online: false })
    expect(await view(after)).toMatchObject({ operator: { email: 'bob@example.com' } })
    expect(await rows(after)).toEqual([])
  })
})

describe('a keychain that is locked at the start', () => {
  it('hides what is kept until it is unlocked', async () => {
    const before = await live()
    await quit(before)
    before.keychain.trouble = 'locked'
    const desk = await next(before, { online: false })
    const locked = await view(desk)
    expect(locked?.session.kind).toBe('keychain-locked')
    expect(locked?.operator).toBeNull()
    expect(await rows(desk)).toEqual([])
    desk.keychain.trouble = null
    await desk.ipc.call('session:unlock', { workspaceId: locked!.id })
    await desk.settle()
    expect(await rows(desk)).toHaveLength(3)
    expect((await view(desk))?.connection).toMatchObject({ kind: 'offline' })
  })

  it('and stays locked does not lose it', async () => {
    const before = await live()
    await quit(before)
    before.keychain.trouble = 'locked'
    const locked = await next(before)
    await locked.advance(60_000)
    await quit(locked)
    before.keychain.trouble = null
    const desk = await next(before, { online: false })
    expect(await rows(desk)).toHaveLength(3)
  })
})

describe('on a real disk', () => {
  it('the snapshot outlasts the app, and sign-out leaves an empty folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'signalbox-offline-'))
    try {
      const files = { files: openFiles(folder) }
      const before = await live(newConsole([line()], {}, files))
      await quit(before)
      expect(await readdir(folder)).toEqual([file])
      const bytes = await readFile(join(folder, file))
      expect(bytes.includes('Orders')).toBe(false)
      const desk = newConsole([line()], before, files)
      desk.network.online = false
      desk.servers.gateway = 'unreachable'
      await desk.app.start()
      await untilAsked('the rows are back', async () => (await rows(desk)).length === 3)
      expect((await view(desk))?.connection.kind).toBe('offline')
      // What a crash in the middle of a write leaves goes as well.
      await writeFile(join(folder, `${file}.part`), 'half')
      const { id: workspaceId = '' } = (await view(desk)) ?? {}
      const receipt = await desk.ipc.call('session:sign-out', { workspaceId })
      const cached = receipt.ok && receipt.value.lines.find(({ what }) => what === 'cached_bytes')
      expect(cached).toEqual({ what: 'cached_bytes', ended: bytes.length + 4, left: 0 })
      // The tombstone is lifted behind the receipt.
      await untilAsked('nothing is left', async () => (await readdir(folder)).length === 0)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
