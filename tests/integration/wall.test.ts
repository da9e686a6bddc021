import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MemoryConsole } from '../support/memory-ports-console.ts'

let desk: MemoryConsole
beforeAll(async () => {
  desk = new MemoryConsole()
  await desk.start()
})
afterAll(() => desk.app.close())

describe('the wall of the whole console', () => {
  it.each(['jobs:steal', 'signalbox:call', '', 'constructor'])(
    'refuses the unknown channel "%s" with a code',
    async (channel) => {
      expect(await desk.ipc.raw(channel, {})).toMatchObject({
        ok: false,
        failure: { code: 'channel_unknown' },
      })
    },
  )

  it.each<[string, unknown, string]>([
    ['session:sign-in', undefined, 'argument'],
    ['session:sign-in', { profileId: 'line', email: 'ada@example.com' }, 'password'],
    ['session:sign-out', { workspaceId: 7 }, 'workspaceId'],
    ['session:sign-out', { workspaceId: 'x'.repeat(129) }, 'workspaceId'],
    ['jobs:acknowledge', { workspaceId: 'w', batch: 1.5 }, 'batch'],
    ['jobs:open', ['w'], 'argument'],
    ['profiles:save', { profile: { id: 'a', publishableKey: 'sb_secret_x' } }, 'profile.name'],
    ['window:show-state', { visible: 'yes' }, 'visible'],
  ])('refuses %s with %j, naming %s', async (channel, argument, field) => {
    expect(await desk.ipc.raw(channel, argument)).toMatchObject({
      ok: false,
      failure: { code: 'argument_invalid', field },
    })
  })

  it('refuses a sub-frame or a stranger with a code', async () => {
    const stranger = { windowId: 1, trusted: false }
    expect(await desk.ipc.raw('workspaces:list', undefined, stranger)).toMatchObject({
      ok: false,
      failure: { code: 'sender_refused' },
    })
  })

  it.each<[string, unknown, string]>([
    ['session:sign-out', { workspaceId: 'gone' }, 'workspace_unknown'],
    ['session:unlock', { workspaceId: 'gone' }, 'workspace_unknown'],
    ['connection:retry', { workspaceId: 'gone' }, 'workspace_unknown'],
    ['jobs:open', { workspaceId: 'gone' }, 'workspace_unknown'],
    ['jobs:acknowledge', { workspaceId: 'gone', batch: 1 }, 'workspace_unknown'],
    ['jobs:read-timeline', { workspaceId: 'gone', jobId: 'j' }, 'workspace_unknown'],
    ['session:cancel', { profileId: 'gone' }, 'profile_unknown'],
    ['profiles:remove', { profileId: 'gone' }, 'profile_unknown'],
    ['session:sign-in-demo', { profileId: 'gone', email: 'a@example.com' }, 'profile_unknown'],
    [
      'session:sign-in',
      { profileId: 'gone', email: 'a@example.com', password: 'p' },
      'profile_unknown',
    ],
  ])('answers %s for something that is not there with %s', async (channel, argument, code) => {
    expect(await desk.ipc.raw(channel, argument)).toMatchObject({ ok: false, failure: { code } })
  })

  it('saves, publishes and removes a profile, but not one of the command line', async () => {
    const changed = desk.ipc.next('profiles:changed')
    const profile = {
      id: 'own',
      name: 'Own',
      supabaseUrl: 'http://127.0.0.1:3',
      publishableKey: 'sb_publishable_own',
      gatewayUrl: 'http://127.0.0.1:4',
    }
    expect(await desk.ipc.call('profiles:save', { profile })).toMatchObject({
      value: { id: 'own', fixed: false },
    })
    expect((await changed).map(({ id }) => id)).toEqual(['line', 'own'])
    expect(await desk.ipc.call('profiles:remove', { profileId: 'own' })).toMatchObject({ ok: true })
    expect(await desk.ipc.call('profiles:remove', { profileId: 'line' })).toMatchObject({
      failure: { code: 'profile_invalid' },
    })
  })

  it('says what it is', async () => {
    expect(await desk.ipc.call('app:describe')).toEqual({
      ok: true,
      value: { version: '0.0.0', standIn: true, platform: 'test' },
    })
  })
})
