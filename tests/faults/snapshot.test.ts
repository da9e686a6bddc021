import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterEach, describe, expect } from 'vitest'
import { createLog } from '../../src/main/lib/log.ts'
import { seal } from '../../src/main/offline/sealed-file.ts'
import { SnapshotFile } from '../../src/main/offline/snapshot-file.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { fault } from '../support/fault.ts'
import { MemoryKeychain } from '../support/memory-keychain.ts'
import { MemoryFiles, memoryLog } from '../support/memory-ports.ts'
import type { MemoryConsole } from '../support/memory-ports-console.ts'
import {
  byId,
  closeAll,
  file,
  key,
  live,
  next,
  quit,
  rows,
  serve,
  view,
} from '../support/offline-console.ts'
import type { SmallDiskReport } from '../support/small-disk.ts'
import { keptRows, pack, snapshotOf } from '../support/snapshots.ts'

afterEach(closeAll)

/** What is found at the next start in place of what was written. */
async function startOn(change: (desk: MemoryConsole, bytes: Buffer) => Uint8Array) {
  const before = await live()
  await quit(before)
  const bytes = Buffer.from(before.files.bytes.get(file) ?? [])
  expect(bytes.length).toBeGreaterThan(100)
  before.files.bytes.set(file, change(before, bytes))
  const beganAtMs = before.clock.monotonic()
  const desk = await next(before, { online: false })
  const shown = await rows(desk)
  const notes = (await view(desk))?.notes ?? []
  const startedAfterMs = desk.clock.monotonic() - beganAtMs
  expect(startedAfterMs).toBeLessThanOrEqual(1_500)
  desk.network.online = true
  desk.servers.auth = 'well'
  desk.servers.gateway = 'well'
  for (let second = 0; second < 15; second += 1) {
    await desk.advance(1_000)
    await serve(desk)
  }
  expect((await view(desk))?.connection.kind).toBe('live')
  expect(Object.keys(byId(await rows(desk))).sort()).toEqual(['job-1', 'over', 'waits'])
  return { shown, notes, startedAfterMs }
}

const flipped = (bytes: Buffer, at: number): Buffer => {
  const changed = Buffer.from(bytes)
  changed[at] = (changed[at] ?? 0) ^ 1
  return changed
}
/** Sealed by the right key, but with something else in it. */
const resealed = (desk: MemoryConsole, plain: Uint8Array): Buffer =>
  seal(plain, Buffer.from(desk.keychain.entries.get(key) ?? '', 'base64url'))
const owner = {
  profileId: 'line',
  server: 'http://127.0.0.1 http://127.0.0.1',
  userId: 'user-of-ada@example.com',
}
/** Sealed by this console's key, with a job of that tenant in it. */
const holding = (changes: Parameters<typeof snapshotOf>[0], tenantId = 'acme') => {
  const jobs = keptRows({ id: 'kept', tenantId })
  return (desk: MemoryConsole) => resealed(desk, pack(snapshotOf({ owner, jobs, ...changes })))
}

describe('a snapshot that is not as it was written', () => {
  const changes: [string, string, (desk: MemoryConsole, bytes: Buffer) => Uint8Array][] = [
    ['truncated', 'snapshot_damaged', (_desk, bytes) => bytes.subarray(0, bytes.length >> 1)],
    ['empty', 'snapshot_damaged', () => new Uint8Array()],
    [
      'with one bit flipped in the middle',
      'snapshot_damaged',
      (_desk, bytes) => flipped(bytes, bytes.length >> 1),
    ],
    [
      'with one bit flipped at its end',
      'snapshot_damaged',
      (_desk, bytes) => flipped(bytes, bytes.length - 1),
    ],
    ['of a later format', 'snapshot_outdated', (_desk, bytes) => bytes.fill(9, 7, 8)],
    [
      'of an older schema',
      'snapshot_outdated',
      (desk) => resealed(desk, Buffer.from('{"jobs":[]}')),
    ],
    ['of another person', 'snapshot_foreign', holding({ owner: { ...owner, userId: 'bob' } })],
    ['of another server', 'snapshot_foreign', holding({ owner: { ...owner, server: 'x x' } })],
  ]
  for (const [name, note, change] of changes) {
    fault(68, `${name}: dropped, and the start is a clean one`, async () => {
      const { shown, notes, startedAfterMs } = await startOn(change)
      expect(shown).toEqual([])
      expect(notes).toEqual([note])
      return `${name}: ${notes.join()}, ${shown.length} rows of it, started after ${startedAfterMs} ms`
    })
  }

  fault(68, 'of another tenant: nothing of it is shown', async () => {
    const ours = await startOn(holding({}))
    const theirs = await startOn(holding({ tenantIds: ['globex'] }, 'globex'))
    expect(ours.shown.map(({ id }) => id)).toEqual(['kept'])
    expect(theirs.shown).toEqual([])
    return `of another tenant: ${theirs.shown.length} rows of it; of ours: ${ours.shown.length}`
  })

  fault(
    68,
    'ten thousand times, in ten thousand ways: never read, and nothing is thrown',
    async () => {
      const files = new MemoryFiles()
      const keychain = new MemoryKeychain()
      const log = createLog('test', new FakeClock(), memoryLog().sink)
      const open = (): SnapshotFile => new SnapshotFile({ files, keychain, log, profileId: 'line' })
      const plain = pack(snapshotOf())
      await open().write(plain)
      const [[name, bytes] = ['', new Uint8Array()]] = [...files.bytes]
      const at = fc.nat({ max: bytes.length - 1 })
      const mutations = fc.oneof(
        fc
          .array(fc.tuple(at, fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 6 })
          .map((flips) => {
            const changed = Buffer.from(bytes)
            for (const [where, by] of flips) changed[where] = (changed[where] ?? 0) ^ by
            return changed
          }),
        at.map((length) => Buffer.from(bytes.subarray(0, length))),
        fc.uint8Array({ minLength: 1, maxLength: 64 }).map((more) => Buffer.concat([bytes, more])),
        fc.uint8Array({ maxLength: 400 }).map((noise) => Buffer.from(noise)),
      )
      const seen = new Map<string, number>()
      for (const mutated of fc.sample(mutations, 10_000)) {
        if (mutated.equals(bytes)) continue
        files.bytes.set(name, mutated)
        const { kind } = await open().read()
        seen.set(kind, (seen.get(kind) ?? 0) + 1)
      }
      expect([...seen.keys()].sort()).toEqual(['damaged', 'outdated'])
      files.bytes.set(name, bytes)
      expect(await open().read()).toEqual({ kind: 'unsealed', plain })
      return `10,000 mutations: ${[...seen.keys()].sort().join(' or ')}, none read, none thrown`
    },
  )
})

describe('a disk that is full', () => {
  const script = fileURLToPath(new URL('../support/small-disk.ts', import.meta.url))
  const own = process.getuid?.() === 0 ? ['--mount'] : ['--user', '--map-root-user', '--mount']
  const canMount =
    process.platform === 'linux' &&
    spawnSync('unshare', [...own, 'sh', '-c', 'mount -t tmpfs none /mnt']).status === 0

  fault(68, 'refuses the newer file, and the older one stays whole', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-disk-'))
    const size = 40_000
    const run = `mount -t tmpfs -o size=64k none "${folder}" && exec "${process.execPath}" "${script}" "${folder}" ${size}`
    try {
      if (!canMount) return await refusedByPort()
      const text = execFileSync('unshare', [...own, 'sh', '-c', run], { encoding: 'utf8' })
      const report = JSON.parse(text) as SmallDiskReport
      expect(report).toEqual({ refused: 'ENOSPC', kept: true, bytes: size })
      return `64 kB of disk: ${report.refused ?? ''}, ${report.bytes} bytes as they were, nothing beside them`
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  fault(68, 'is noted once, and what was kept is shown at the next start', async () => {
    return await refusedByPort()
  })

  async function refusedByPort(): Promise<string> {
    const desk = await live()
    await desk.clock.advance(15_000)
    desk.files.refuses = 'ENOSPC'
    desk.sockets.last.say({ type: 'progress', job_id: 'waits', seq: 2, status: 'running' })
    await desk.clock.advance(16_000)
    const { notes = [] } = (await view(desk)) ?? {}
    expect(notes).toEqual(['snapshot_unwritten'])
    await quit(desk)
    const after = await next(desk, { online: false })
    const shown = await rows(after)
    expect(shown).toHaveLength(3)
    return `${notes.join()}; ${shown.length} rows at the next start`
  }
})
