import { afterEach, describe, expect, it } from 'vitest'
import { line } from '../support/memory-ports-console.ts'
import type { MemoryConsole } from '../support/memory-ports-console.ts'
import {
  closeAll,
  file,
  live,
  newConsole,
  next,
  quit,
  serve,
  view,
} from '../support/offline-console.ts'
import { wireJob } from '../support/wire-jobs.ts'

afterEach(closeAll)

describe('signing out', () => {
  it('leaves neither a byte nor a key, and counts both', async () => {
    const desk = await live()
    await desk.clock.advance(15_000)
    const { length } = desk.files.bytes.get(file)!
    const receipt = await desk.signOut((await view(desk))!.id)
    expect(receipt.lines).toContainEqual({ what: 'cached_bytes', ended: length, left: 0 })
    expect(receipt.lines).toContainEqual({ what: 'keychain_entries', ended: 2, left: 0 })
    expect(receipt.notes).toEqual([])
    expect([desk.files.bytes.size, desk.files.kept.size]).toEqual([0, 0])
    const { writes } = desk.files
    await quit(desk)
    expect(desk.files.writes).toBe(writes)
    desk.expectNoSession()
  })

  it('writes nothing, also when something had just changed', async () => {
    const desk = await live()
    await desk.clock.advance(15_000)
    desk.sockets.last.say({ type: 'progress', job_id: 'waits', seq: 2, status: 'running' })
    await desk.signOut((await view(desk))!.id)
    await quit(desk)
    expect(desk.files.writes).toBe(1)
  })

  it('with a keychain that hangs says what is left, and removes the file all the same', async () => {
    const desk = await live()
    await desk.clock.advance(15_000)
    const { length } = desk.files.bytes.get(file)!
    desk.keychain.hangs = true
    const receipt = await desk.signOut((await view(desk))!.id)
    expect(receipt.durationMs).toBeLessThanOrEqual(1_000)
    expect(receipt.lines).toContainEqual({ what: 'cached_bytes', ended: length, left: 0 })
    expect(receipt.lines).toContainEqual({ what: 'keychain_entries', ended: 0, left: 2 })
    desk.keychain.hangs = false
  })

  it('with a keychain that keeps the key is finished at the next start before it is read', async () => {
    const desk = await live()
    await desk.clock.advance(15_000)
    const sealed = desk.files.bytes.get(file)!
    desk.keychain.refusesErasure = true
    const receipt = await desk.signOut((await view(desk))!.id)
    expect(receipt.lines).toContainEqual({ what: 'keychain_entries', ended: 0, left: 2 })
    expect(receipt.notes).toContain('keychain_locked')
    await quit(desk)
    // A backup brings the file back; the key is still there.
    desk.files.bytes.set(file, sealed)
    desk.keychain.refusesErasure = false
    const after = await next(desk)
    await after.settle()
    expect(await view(after)).toBeUndefined()
    expect([desk.files.bytes.size, desk.files.kept.size, desk.keychain.entries.size]).toEqual([
      0, 0, 0,
    ])
  })
})

describe('removing a profile', () => {
  /** Saved, signed in to, with a snapshot on disk. */
  async function saved(): Promise<MemoryConsole> {
    const desk = newConsole([])
    await desk.start()
    await desk.ipc.call('profiles:save', { profile: line({ demoUsers: [] }) })
    desk.servers.put(wireJob())
    await desk.signIn()
    await serve(desk)
    await desk.clock.advance(20_000)
    expect(desk.files.bytes.size).toBe(1)
    return desk
  }

  async function remove(desk: MemoryConsole): Promise<void> {
    void desk.ipc.call('profiles:remove', { profileId: 'line' })
    await desk.advance(2_000)
  }

  it('takes its snapshot along', async () => {
    const desk = await saved()
    await remove(desk)
    expect([desk.files.bytes.size, desk.keychain.entries.size]).toEqual([0, 0])
    expect([...desk.files.kept.keys()]).toEqual(['profiles.json'])
  })

  it('whose keychain is locked takes along what it can', async () => {
    const before = await saved()
    await quit(before)
    before.keychain.trouble = 'locked'
    const desk = await next(before)
    expect((await view(desk))?.session.kind).toBe('keychain-locked')
    await remove(desk)
    expect(desk.files.bytes.size).toBe(0)
    expect(await view(desk)).toBeUndefined()
  })

  it('that nobody is signed in to takes along what an earlier start left', async () => {
    const before = await saved()
    await quit(before)
    before.keychain.entries.delete('session.line')
    const desk = await next(before)
    expect(await view(desk)).toBeUndefined()
    await remove(desk)
    expect([desk.files.bytes.size, desk.keychain.entries.size]).toEqual([0, 0])
  })
})
