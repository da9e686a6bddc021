import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLog } from '../../../../src/main/lib/log.ts'
import { Scope } from '../../../../src/main/lib/scope.ts'
import { SnapshotFile } from '../../../../src/main/offline/snapshot-file.ts'
import { SnapshotKeeper } from '../../../../src/main/offline/snapshot-keeper.ts'
import { maxJobs } from '../../../../src/main/offline/snapshot.ts'
import type { Snapshot } from '../../../../src/main/offline/snapshot.ts'
import { FakeClock, settle } from '../../../support/fake-clock.ts'
import { MemoryKeychain } from '../../../support/memory-keychain.ts'
import { MemoryFiles, memoryLog } from '../../../support/memory-ports.ts'
import { keptRows, snapshotOf } from '../../../support/snapshots.ts'

let clock: FakeClock
let files: MemoryFiles
let keychain: MemoryKeychain
let scope: Scope
let now: Snapshot | null
let revision: number
let noted: number

const { owner } = snapshotOf()

function open(): SnapshotKeeper {
  const log = createLog('test', clock, memoryLog().sink)
  return new SnapshotKeeper({
    file: new SnapshotFile({ files, keychain, log, profileId: 'line' }),
    clock,
    log,
    signal: scope.signal,
    take: () => now,
    revision: () => revision,
    onNoted: () => (noted += 1),
  })
}

/** As the heartbeat of a workspace does. */
async function beat(keeper: SnapshotKeeper, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    await clock.advance(1_000)
    keeper.beat()
    await settle()
  }
}

/** What the next start finds. */
const load = (tenantIds = ['acme'], of = owner) => open().load(of, tenantIds)

beforeEach(() => {
  clock = new FakeClock()
  files = new MemoryFiles()
  keychain = new MemoryKeychain()
  scope = new Scope('workspace')
  now = snapshotOf()
  revision = 1
  noted = 0
})

afterEach(async () => {
  await scope.close('test over')
  expect(clock.armed).toBe(0)
})

describe('the keeper of a snapshot writes', () => {
  it('at most every 15 s, and only while something changes', async () => {
    const keeper = open()
    await beat(keeper, 14)
    expect(files.writes).toBe(0)
    await beat(keeper, 1)
    expect(files.writes).toBe(1)
    await beat(keeper, 60)
    expect(files.writes).toBe(1)
    for (let seconds = 0; seconds < 60; seconds += 1) {
      revision += 1
      await beat(keeper, 1)
    }
    expect(files.writes).toBe(5)
  })

  it('at once when asked, if anything was heard since', async () => {
    const keeper = open()
    keeper.save()
    await settle()
    keeper.save()
    await settle()
    expect(files.writes).toBe(1)
    now = snapshotOf({ heardAtMs: 9_000 })
    keeper.save()
    await settle()
    expect(files.writes).toBe(2)
    expect(await load()).toMatchObject({ heardAtMs: 9_000 })
  })

  it('again when asked in the middle of a write', async () => {
    const keeper = open()
    keeper.save()
    revision = 2
    now = snapshotOf({ jobs: keptRows({ id: 'newer' }) })
    keeper.save()
    await settle()
    expect(await load()).toMatchObject({ jobs: { rows: [{ job: { id: 'newer' } }] } })
  })

  it('nothing that is on disk already', async () => {
    now = snapshotOf({ heardAtMs: clock.now() })
    await open().close()
    const keeper = open()
    const kept = await keeper.load(owner, ['acme'])
    keeper.settle(kept!.heardAtMs)
    await beat(keeper, 60)
    keeper.save()
    await keeper.close()
    expect(files.writes).toBe(1)
  })

  it('nothing while there is nobody', async () => {
    now = null
    const keeper = open()
    await beat(keeper, 60)
    keeper.save()
    await keeper.close()
    expect([files.bytes.size, keychain.entries.size]).toEqual([0, 0])
  })

  it('nothing once it is silent, but for what closing asks for before', async () => {
    const keeper = open()
    const closing = keeper.close()
    await scope.close('closed')
    await closing
    expect(files.writes).toBe(1)
    revision = 2
    keeper.save()
    await keeper.close()
    await beat(keeper, 60)
    expect(files.writes).toBe(1)
  })

  it('nothing of what it was packing when it fell silent', async () => {
    now = snapshotOf({
      jobs: keptRows(...Array.from({ length: 3_000 }, (_, n) => ({ id: `j${n}` }))),
    })
    const keeper = open()
    keeper.save()
    await settle()
    expect(clock.armed).toBe(1)
    await scope.close('signed out')
    await settle()
    expect([clock.armed, files.writes]).toEqual([0, 0])
  })

  it('many jobs a slice a turn', async () => {
    now = snapshotOf({
      jobs: keptRows(...Array.from({ length: 3_000 }, (_, n) => ({ id: `j${n}` }))),
    })
    open().save()
    await clock.advance(0)
    expect(files.writes).toBe(1)
    expect((await load())?.jobs.rows).toHaveLength(3_000)
  })

  it('the newest 20,000 jobs, says so, and keeps no place from which the others would be missed', async () => {
    const rows = Array.from({ length: maxJobs + 1 }, (_, n) => ({ id: `j${n}` }))
    now = snapshotOf({ jobs: keptRows(...rows) })
    const keeper = open()
    keeper.save()
    await clock.advance(0)
    expect(keeper.notes).toEqual(['snapshot_cut'])
    const kept = await load()
    expect([kept?.jobs.rows.length, kept?.positions]).toEqual([maxJobs, {}])
    revision = 2
    now = snapshotOf()
    keeper.save()
    await settle()
    expect(keeper.notes).toEqual([])
  })

  it('F68: goes on trying on a full disk, and says so once and not longer than it is so', async () => {
    const keeper = open()
    await beat(keeper, 15)
    files.refuses = 'ENOSPC'
    revision = 2
    now = snapshotOf({ heardAtMs: 9_000 })
    await beat(keeper, 60)
    expect([keeper.notes, noted]).toEqual([['snapshot_unwritten'], 1])
    expect(await load()).toMatchObject({ heardAtMs: 2_000 })
    files.refuses = null
    await beat(keeper, 15)
    expect([keeper.notes, noted]).toEqual([[], 2])
    expect(await load()).toMatchObject({ heardAtMs: 9_000 })
  })
})

describe('the keeper of a snapshot reads', () => {
  beforeEach(async () => {
    now = snapshotOf({
      tenantIds: ['acme', 'globex'],
      jobs: keptRows({ id: 'a' }, { id: 'b', tenantId: 'globex' }),
    })
    await open().close()
  })

  it('what was kept', async () => {
    expect(await load(['globex', 'acme'])).toEqual(now)
  })

  it('I12: only the jobs of tenants that are still theirs, and no place in another history', async () => {
    const kept = await load(['globex', 'initech'])
    expect(kept?.jobs.rows.map(({ job }) => job.id)).toEqual(['b'])
    expect(kept?.positions).toEqual({})
  })

  it.each([
    ['profile', { ...owner, profileId: 'other' }],
    ['server', { ...owner, server: 'https://elsewhere.example' }],
    ['operator', { ...owner, userId: 'bob' }],
  ])('nothing of another %s: it is removed and noted', async (_, other) => {
    const keeper = open()
    expect(await keeper.load(other, ['acme', 'globex'])).toBeNull()
    expect([keeper.notes, noted, files.bytes.size]).toEqual([['snapshot_foreign'], 1, 0])
    expect(await load(['acme', 'globex'])).toBeNull()
  })

  it.each([
    ['damaged', 0, 'snapshot_damaged'],
    ['damaged', -1, 'snapshot_damaged'],
    ['of another format', 7, 'snapshot_outdated'],
  ] as const)('nothing that is %s: it is removed and noted', async (_, at, code) => {
    const bytes = files.bytes.get('snapshot-line.sealed')!
    const index = at < 0 ? bytes.length - 1 : at
    bytes[index] = (bytes[index] ?? 0) ^ 1
    const keeper = open()
    expect(await keeper.load(owner, ['acme'])).toBeNull()
    expect([keeper.notes, files.bytes.size]).toEqual([[code], 0])
    await keeper.close()
    expect(await load(['acme', 'globex'])).toEqual(now)
  })

  it('nothing after it fell silent', async () => {
    const keeper = open()
    const loading = keeper.load(owner, ['acme'])
    await scope.close('closed')
    expect(await loading).toBeNull()
    expect(files.bytes.size).toBe(1)
  })

  it('and writes nothing meanwhile', async () => {
    keychain.hangs = true
    const keeper = open()
    void keeper.load(owner, ['acme'])
    revision = 2
    await beat(keeper, 60)
    keeper.save()
    expect(files.writes).toBe(1)
  })
})
