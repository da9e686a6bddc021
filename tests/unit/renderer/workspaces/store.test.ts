import { beforeEach, describe, expect, it } from 'vitest'
import { noteKey, WorkspacesStore } from '../../../../src/renderer/workspaces/store.ts'
import { jobKeyOf } from '../../../../src/shared/job-key.ts'
import { failed, succeeded } from '../../../../src/shared/failure.ts'
import { FakeClient, settled } from '../../../support/web/fake-client.ts'
import { FakeFrames } from '../../../support/web/fake-frames.ts'
import {
  sampleGroup,
  sampleReceipt,
  sampleRow,
  sampleWorkspace,
} from '../../../support/web/samples.ts'

let fake: FakeClient
let frames: FakeFrames
let store: WorkspacesStore

beforeEach(() => {
  frames = new FakeFrames()
  fake = new FakeClient()
    .answer('app:describe', { version: '1', standIn: false, platform: 'linux' })
    .answer('workspaces:list', [])
    .answer('jobs:open', { batch: 0, rows: [sampleRow()], groups: [sampleGroup()] })
    .answer('jobs:acknowledge', undefined)
    .answer('window:show-state', undefined)
  store = new WorkspacesStore(fake.client, frames)
})

const openDesk = async (): Promise<void> => {
  fake.answer('workspaces:list', [sampleWorkspace()])
  await store.start()
  await settled()
  frames.paint()
}

it('opens on sign-in when nobody is signed in', async () => {
  await store.start()
  expect(store.view().route.kind).toBe('sign-in')
})

it('opens on the desk of a restored session, and asks for its jobs', async () => {
  await openDesk()
  expect(store.view().route).toEqual({ kind: 'desk', workspaceId: 'w1' })
  expect(store.room('w1')?.feed.size).toBe(1)
})

it('waits while a session is being restored instead of flashing an empty desk', async () => {
  fake.answer('workspaces:list', [sampleWorkspace({ session: { kind: 'restoring' } })])
  await store.start()
  expect(store.view().route.kind).toBe('opening')
  expect(fake.argumentsOf('jobs:open')).toEqual([])
  fake.emit('workspaces:changed', [])
  expect(store.view().route.kind).toBe('sign-in')
})

it('asks for no jobs while the keychain is locked', async () => {
  fake.answer('workspaces:list', [sampleWorkspace({ session: { kind: 'keychain-locked' } })])
  await store.start()
  expect(store.view().route.kind).toBe('desk')
  expect(fake.argumentsOf('jobs:open')).toEqual([])
})

it('shows nothing of a workspace that is still signing in', async () => {
  await store.start()
  fake.emit('workspaces:changed', [
    sampleWorkspace({ session: { kind: 'signing-in' }, operator: null }),
  ])
  expect(store.view()).toMatchObject({ workspaces: [], route: { kind: 'sign-in' } })
})

it('goes to the desk when sign-in answers, in whichever order the list arrives', async () => {
  await store.start()
  store.signedIn('w1')
  expect(store.view().route).toEqual({ kind: 'desk', workspaceId: 'w1' })
  fake.emit('workspaces:changed', [sampleWorkspace()])
  expect(store.view().route).toEqual({ kind: 'desk', workspaceId: 'w1' })
  expect(store.room('w1')).toBeDefined()
})

describe('when a session ends', () => {
  it('drops every row, filter and selection at once and shows the receipt', async () => {
    await openDesk()
    const room = store.room('w1')
    room?.list.setFilter({ text: 'jira', statuses: ['running'] })
    room?.list.select(jobKeyOf(sampleRow()))
    fake.emit('session:ended', sampleReceipt({ reason: 'session_revoked' }))
    expect(store.view().route).toMatchObject({ kind: 'receipt' })
    expect(store.view().workspaces).toEqual([])
    expect(store.room('w1')).toBeUndefined()
    expect(room?.feed.size).toBe(0)
    expect(room?.list.view()).toMatchObject({
      items: [],
      selectedKey: null,
      activeKey: null,
      filter: { text: '', statuses: [] },
    })
    expect(fake.listeners('jobs:batched')).toBe(0)
    expect(frames.waiting).toBe(0)
  })

  it('a late list, batch or answer brings nothing back', async () => {
    const answer = fake.hold('jobs:open')
    fake.answer('workspaces:list', [sampleWorkspace()])
    await store.start()
    const room = store.room('w1')
    fake.emit('session:ended', sampleReceipt())
    answer(succeeded({ batch: 3, rows: [sampleRow()], groups: [] }))
    await settled()
    fake.emit('workspaces:changed', [sampleWorkspace()])
    expect(store.view().workspaces).toEqual([])
    expect(store.room('w1')).toBeUndefined()
    expect(room?.feed.size).toBe(0)
    expect(store.view().route.kind).toBe('receipt')
  })

  it('the same id may be used again after signing in again', async () => {
    await openDesk()
    fake.emit('session:ended', sampleReceipt())
    fake.emit('workspaces:changed', [sampleWorkspace()])
    store.signedIn('w1')
    await settled()
    expect(store.view().route).toEqual({ kind: 'desk', workspaceId: 'w1' })
    expect(store.room('w1')?.feed.size).toBe(1)
  })
})

describe('when the list forgets a workspace before its receipt comes', () => {
  it('waits for the receipt of a sign-out that the operator asked for', async () => {
    await openDesk()
    fake.hold('session:sign-out')
    void store.signOut('w1', false)
    fake.emit('workspaces:changed', [])
    expect(store.view().route).toEqual({ kind: 'desk', workspaceId: 'w1' })
    expect(store.room('w1')).toBeUndefined()
    fake.emit('session:ended', sampleReceipt())
    expect(store.view().route.kind).toBe('receipt')
  })

  it('shows the receipt of a session that ended by itself, unless the operator went on', async () => {
    await openDesk()
    fake.emit('workspaces:changed', [])
    expect(store.view().route.kind).toBe('sign-in')
    fake.emit('session:ended', sampleReceipt({ reason: 'session_revoked' }))
    expect(store.view().route.kind).toBe('receipt')
  })
})

describe('signing out', () => {
  it('shows one receipt when both the answer and the event bring it', async () => {
    await openDesk()
    const answer = fake.hold('session:sign-out')
    const done = store.signOut('w1', true)
    expect(store.view().endingId).toBe('w1')
    expect(fake.argumentsOf('session:sign-out')).toEqual([{ workspaceId: 'w1', everywhere: true }])
    fake.emit('session:ended', sampleReceipt())
    store.addWorkspace()
    answer(succeeded(sampleReceipt()))
    await done
    expect(store.view()).toMatchObject({ endingId: null, route: { kind: 'sign-in' } })
  })

  it('asks once, however often the operator clicks', async () => {
    await openDesk()
    const answer = fake.hold('session:sign-out')
    const done = Promise.all([store.signOut('w1', false), store.signOut('w1', false)])
    expect(fake.argumentsOf('session:sign-out')).toHaveLength(1)
    answer(succeeded(sampleReceipt()))
    await done
  })

  it('says so when it could not be done', async () => {
    await openDesk()
    fake.handle('session:sign-out', () => failed('internal', 'no'))
    await store.signOut('w1', false)
    expect(store.view()).toMatchObject({ notice: { code: 'internal' }, endingId: null })
  })
})

it('tells main whether the window is seen', async () => {
  await openDesk()
  store.shown(false)
  expect(fake.argumentsOf('window:show-state')).toEqual([{ visible: false }])
})

it('keeps workspaces apart: one ends, the other stays', async () => {
  fake.answer('workspaces:list', [
    sampleWorkspace(),
    sampleWorkspace({ id: 'w2', profileName: 'Other' }),
  ])
  await store.start()
  await settled()
  fake.emit('session:ended', sampleReceipt({ workspaceId: 'w2' }))
  expect(store.view().route).toEqual({ kind: 'desk', workspaceId: 'w1' })
  expect(store.room('w1')?.feed.size).toBe(1)
  expect(store.room('w2')).toBeUndefined()
})

it('keeps a note that was read away, in its own workspace only', async () => {
  await openDesk()
  store.readNote('w1', 'snapshot_damaged')
  const { readNotes } = store.view()
  expect(readNotes.has(noteKey('w1', 'snapshot_damaged'))).toBe(true)
  expect(readNotes.has(noteKey('w2', 'snapshot_damaged'))).toBe(false)
})
