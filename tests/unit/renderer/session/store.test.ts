import { beforeEach, describe, expect, it } from 'vitest'
import { emptyDraft } from '../../../../src/renderer/session/profile-draft.ts'
import { SignInStore, fieldOf } from '../../../../src/renderer/session/store.ts'
import { failed, succeeded } from '../../../../src/shared/failure.ts'
import type { ProfileView } from '../../../../src/shared/ipc/contract.ts'
import { FakeClient } from '../../../support/web/fake-client.ts'

const profile = (id: string): ProfileView => ({
  id,
  name: id,
  mark: 'demo',
  supabaseUrl: 'http://127.0.0.1:1',
  gatewayUrl: 'http://127.0.0.1:2',
  fixed: false,
  demoUsers: [{ email: 'alice@acme.test', label: 'Acme, admin' }],
})

let fake: FakeClient
let store: SignInStore
let signedIn: string[]

beforeEach(async () => {
  fake = new FakeClient().answer('profiles:list', [profile('one'), profile('two')])
  fake.answer('session:cancel', undefined)
  signedIn = []
  store = new SignInStore(fake.client, (workspaceId) => signedIn.push(workspaceId))
  await store.start()
})

it('starts with the first environment', () => {
  expect(store.view()).toMatchObject({ loaded: true, profileId: 'one', pending: null })
})

it('keeps the chosen environment while it exists', () => {
  store.chooseProfile('two')
  fake.emit('profiles:changed', [profile('one'), profile('two'), profile('three')])
  expect(store.view().profileId).toBe('two')
  fake.emit('profiles:changed', [profile('three')])
  expect(store.view().profileId).toBe('three')
})

it('signs in and says which workspace came of it', async () => {
  fake.answer('session:sign-in', { workspaceId: 'w1' })
  const done = store.signIn('mara@northwind.example', 'pw')
  expect(store.view().pending).toBe('mara@northwind.example')
  await done
  expect(signedIn).toEqual(['w1'])
  expect(store.view().pending).toBeNull()
})

it('holds no password, not while it is sent and not after', async () => {
  const answer = fake.hold('session:sign-in')
  const done = store.signIn('mara@northwind.example', 'hunter2-canary')
  expect(JSON.stringify(store.view())).not.toContain('hunter2-canary')
  answer(failed('credentials_wrong', 'no'))
  await done
  expect(JSON.stringify(store.view())).not.toContain('hunter2-canary')
})

it('sends one attempt at a time', async () => {
  const answer = fake.hold('session:sign-in-demo')
  const first = store.signInDemo('alice@acme.test')
  await store.signInDemo('alice@acme.test')
  expect(fake.argumentsOf('session:sign-in-demo')).toHaveLength(1)
  answer(succeeded({ workspaceId: 'w1' }))
  await first
})

it('forgets an attempt that was cancelled, whatever it still answers', async () => {
  const answer = fake.hold('session:sign-in')
  const done = store.signIn('mara@northwind.example', 'pw')
  store.cancel()
  expect(store.view().pending).toBeNull()
  expect(fake.argumentsOf('session:cancel')).toEqual([{ profileId: 'one' }])
  answer(succeeded({ workspaceId: 'late' }))
  await done
  expect(signedIn).toEqual([])
})

it('does not report a cancelled sign-in as a failure', async () => {
  fake.handle('session:sign-in', () => failed('cancelled', 'cancelled'))
  await store.signIn('mara@northwind.example', 'pw')
  expect(store.view().failure).toBeNull()
})

describe('a failure', () => {
  it.each([
    ['credentials_wrong', undefined, 'password'],
    ['email_not_confirmed', undefined, 'email'],
    ['user_banned', undefined, 'email'],
    ['tenant_missing', undefined, 'email'],
    ['key_wrong', undefined, 'environment'],
    ['name_not_found', undefined, 'environment'],
    ['tls_untrusted', undefined, 'environment'],
    ['token_signature', undefined, 'environment'],
    ['offline', undefined, 'form'],
    ['rate_limited', undefined, 'form'],
    ['argument_invalid', 'email', 'email'],
  ] as const)('%s (field %s) stands at %s', (code, field, at) => {
    expect(fieldOf(field === undefined ? { code } : { code, field })).toBe(at)
  })

  it('goes away when another environment is chosen', async () => {
    fake.handle('session:sign-in', () => failed('key_wrong', 'no'))
    await store.signIn('mara@northwind.example', 'pw')
    expect(store.view().failure).toMatchObject({ code: 'key_wrong', at: 'environment' })
    store.chooseProfile('two')
    expect(store.view().failure).toBeNull()
  })
})

describe('a new environment', () => {
  const draft = {
    ...emptyDraft,
    name: 'New',
    supabaseUrl: 'https://a.example',
    publishableKey: 'sb_publishable_1',
    gatewayUrl: 'https://b.example',
    mark: 'staging',
  } as const

  it('is chosen once it is saved', async () => {
    fake.answer('profiles:save', { ...profile('new'), demoUsers: [] })
    expect(await store.save(draft)).toBe(true)
    expect(store.view().profileId).toBe('new')
    expect(fake.argumentsOf('profiles:save')).toMatchObject([{ profile: { id: 'new' } }])
  })

  it('is not sent while a field is wrong', async () => {
    expect(await store.save({ ...draft, gatewayUrl: 'x' })).toBe(false)
    expect(fake.argumentsOf('profiles:save')).toEqual([])
    expect(store.view().draftErrors.gatewayUrl).toMatch(/not an address/)
  })

  it('shows the refusal of main at the field that main names', async () => {
    fake.handle('profiles:save', () =>
      failed('argument_invalid', 'too long', { field: 'profile.name' }),
    )
    expect(await store.save(draft)).toBe(false)
    expect(store.view().draftErrors).toEqual({ name: 'Not accepted: too long.' })
  })

  it('names a source that main does not know', async () => {
    fake.handle('profiles:save', () =>
      failed('argument_invalid', 'no', { field: 'profile.sources.0' }),
    )
    expect(await store.save(draft)).toBe(false)
    expect(store.view().draftErrors.sources).toMatch(/^Progress sockets is not known/)
  })

  it('shows any other refusal on its own', async () => {
    fake.handle('profiles:save', () => failed('internal', 'disk', { ref: 'r1' }))
    expect(await store.save(draft)).toBe(false)
    expect(store.view().saveFailure).toMatchObject({ code: 'internal', ref: 'r1' })
  })
})
