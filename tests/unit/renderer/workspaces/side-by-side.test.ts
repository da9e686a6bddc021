import { beforeEach, describe, expect, it } from 'vitest'
import { WorkspacesStore } from '../../../../src/renderer/workspaces/store.ts'
import { succeeded } from '../../../../src/shared/failure.ts'
import { FakeClient } from '../../../support/web/fake-client.ts'
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

describe('a workspace that ends while another one is shown', () => {
  const end = (workspaceId: string): void => {
    fake.emit('session:ended', sampleReceipt({ workspaceId }))
  }
  const waiting = (): string[] => store.view().receipts.map(({ workspaceId }) => workspaceId)

  beforeEach(async () => {
    const ids = ['w1', 'w2', 'w3', 'w4']
    fake.answer(
      'workspaces:list',
      ids.map((id) => sampleWorkspace({ id })),
    )
    await store.start()
  })

  it('leaves what is shown alone and keeps its receipt, one after the other', () => {
    end('w2')
    end('w3')
    end('w2')
    expect(store.view().route).toEqual({ kind: 'desk', workspaceId: 'w1' })
    expect(waiting()).toEqual(['w2', 'w3'])
  })

  it('shows the receipt when it is asked for, and knows the way back', () => {
    end('w2')
    end('w3')
    store.showReceipt()
    const { route } = store.view()
    expect(route).toMatchObject({ kind: 'receipt', receipt: { workspaceId: 'w2' }, backTo: 'w1' })
    expect(waiting()).toEqual(['w3'])
    store.showReceipt()
    expect(store.view().route).toMatchObject({ receipt: { workspaceId: 'w3' }, backTo: 'w1' })
    store.showReceipt()
    expect(store.view().route).toMatchObject({ receipt: { workspaceId: 'w3' } })
  })

  it('may be let go without being looked at', () => {
    end('w2')
    end('w3')
    store.dismissReceipt()
    expect(waiting()).toEqual(['w3'])
    expect(store.view().route.kind).toBe('desk')
  })

  it('is told also while the receipt of another one is read, or while somebody signs in', () => {
    end('w1')
    expect(store.view().route).toMatchObject({ kind: 'receipt', receipt: { workspaceId: 'w1' } })
    end('w2')
    store.addWorkspace()
    end('w3')
    expect(store.view().route.kind).toBe('sign-in')
    expect(waiting()).toEqual(['w2', 'w3'])
  })

  it('is told when the list forgot it before, and when the operator asked and went on', async () => {
    const answer = fake.hold('session:sign-out')
    const done = store.signOut('w1', false)
    store.choose('w2')
    fake.emit('workspaces:changed', [sampleWorkspace({ id: 'w2' })])
    answer(succeeded(sampleReceipt()))
    await done
    expect(store.view().route).toEqual({ kind: 'desk', workspaceId: 'w2' })
    expect(waiting()).toEqual(['w1'])
  })
})

describe('a workspace whose session is being restored', () => {
  const restoring = sampleWorkspace({ id: 'w1', session: { kind: 'restoring' } })
  const ready = sampleWorkspace({ id: 'w2' })

  it('does not keep one that is ready from being shown', async () => {
    fake.answer('workspaces:list', [restoring, ready])
    await store.start()
    expect(store.view().route).toEqual({ kind: 'desk', workspaceId: 'w2' })
  })

  it('does not take the place of what is shown once it is ready', async () => {
    fake.answer('workspaces:list', [restoring, ready])
    await store.start()
    fake.emit('workspaces:changed', [sampleWorkspace({ id: 'w1' }), ready])
    expect(store.view().route).toEqual({ kind: 'desk', workspaceId: 'w2' })
    store.addWorkspace()
    fake.emit('workspaces:changed', [restoring, ready])
    fake.emit('workspaces:changed', [sampleWorkspace({ id: 'w1' }), ready])
    expect(store.view().route.kind).toBe('sign-in')
  })
})
