import { beforeEach, describe, expect, it } from 'vitest'
import { serve } from '../../../../src/main/ipc/serve.ts'
import type { Handlers } from '../../../../src/main/ipc/serve.ts'
import { createLog } from '../../../../src/main/lib/log.ts'
import { failed, succeeded } from '../../../../src/shared/failure.ts'
import { callChannels } from '../../../../src/shared/ipc/channels.ts'
import { calls } from '../../../../src/shared/ipc/contract.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { MemoryIpcPort, memoryLog } from '../../../support/memory-ports.ts'

const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl'

/** Handlers that fail by name, so that a test sees which one ran. */
const refusing = Object.fromEntries(
  callChannels.map((channel) => [channel, () => failed('profile_unknown', channel)]),
) as unknown as Handlers

let port: MemoryIpcPort
let log: ReturnType<typeof memoryLog>

const open = (handlers: Partial<Handlers> = {}): (() => void) =>
  serve({
    port,
    handlers: { ...refusing, ...handlers },
    log: createLog('wall', new FakeClock(), log.sink),
    newRef: () => 'ref-1',
  })

beforeEach(() => {
  port = new MemoryIpcPort()
  log = memoryLog()
})

describe('the wall, inward', () => {
  it('answers a known call with the value of its handler', async () => {
    open({
      'app:describe': () => succeeded({ version: '1.0.0', standIn: true, platform: 'linux' }),
    })
    expect(await port.call('app:describe')).toEqual({
      ok: true,
      value: { version: '1.0.0', standIn: true, platform: 'linux' },
    })
  })

  it.each(callChannels)('hands %s to the handler of that name', async (channel) => {
    open()
    const valid: Record<string, unknown> = {
      profile: {
        id: 'a',
        name: 'A',
        supabaseUrl: 'http://127.0.0.1:1',
        publishableKey: 'k',
        gatewayUrl: 'http://127.0.0.1:2',
      },
      profileId: 'a',
      workspaceId: 'w',
      jobId: 'j',
      email: 'a@example.com',
      password: 'p',
      batch: 1,
      visible: true,
    }
    const shape = calls[channel].argument
    const argument =
      'shape' in shape
        ? Object.fromEntries(
            Object.keys(shape.shape)
              .filter((key) => key in valid)
              .map((key) => [key, valid[key]]),
          )
        : undefined
    expect(await port.raw(channel, argument)).toMatchObject({ failure: { message: channel } })
  })

  it.each(['jobs:steal', '', '__proto__', 'toString', 'session:ended'])(
    'refuses the unknown channel "%s" with a code',
    async (channel) => {
      open()
      expect(await port.raw(channel, {})).toMatchObject({
        ok: false,
        failure: { code: 'channel_unknown' },
      })
    },
  )

  it('refuses a sender that is not our window before it looks at the channel', async () => {
    open()
    const outside = { windowId: 7, trusted: false }
    expect(await port.raw('app:describe', undefined, outside)).toMatchObject({
      failure: { code: 'sender_refused' },
    })
    expect(await port.raw('no:such', undefined, outside)).toMatchObject({
      failure: { code: 'sender_refused' },
    })
  })

  it('names the field of a wrong argument, and never its value', async () => {
    open()
    const answer = await port.raw('session:sign-in', {
      profileId: 'a',
      email: 'hunter2-is-no-address',
      password: 'hunter2',
    })
    expect(answer).toMatchObject({ failure: { code: 'argument_invalid', field: 'email' } })
    expect(JSON.stringify(answer) + log.lines.join()).not.toContain('hunter2')
  })

  it('names the path of a field inside an object', async () => {
    open()
    const answer = await port.raw('profiles:save', { profile: { id: 'NOT GOOD' } })
    expect(answer).toMatchObject({ failure: { field: 'profile.id' } })
  })

  it('refuses an argument where none is taken, and keys that are not in the contract', async () => {
    open()
    expect(await port.raw('app:describe', { extra: 1 })).toMatchObject({
      failure: { code: 'argument_invalid', field: 'argument' },
    })
    expect(await port.raw('connection:retry', { workspaceId: 'w', isAdmin: true })).toMatchObject({
      failure: { code: 'argument_invalid' },
    })
  })

  it('fills in defaults before the handler sees the argument', async () => {
    let everywhere: boolean | null = null
    open({
      'session:sign-out': (argument) => {
        everywhere = argument.everywhere
        return failed('workspace_unknown', '')
      },
    })
    await port.call('session:sign-out', { workspaceId: 'w' })
    expect(everywhere).toBe(false)
  })

  it('drops what the contract does not name from an answer', async () => {
    open({
      'app:describe': () => {
        const wide = { version: '1', standIn: false, platform: 'linux', accessToken: jwt }
        return succeeded(wide)
      },
    })
    expect(JSON.stringify(await port.call('app:describe'))).not.toContain(jwt)
  })

  it('turns an answer that breaks the contract into internal with a ref', async () => {
    open({ 'app:describe': () => succeeded({ version: 1 }) as never })
    expect(await port.call('app:describe')).toMatchObject({
      failure: { code: 'internal', ref: 'ref-1' },
    })
    expect(log.lines.join()).toContain('version')
  })

  it.each([
    [
      'thrown at once',
      (): never => {
        throw new Error(`boom ${jwt}`)
      },
    ],
    ['thrown later', (): Promise<never> => Promise.reject(new Error(`boom ${jwt}`))],
  ])(
    'turns anything %s into internal with a ref that the redacted log knows',
    async (_, handler) => {
      open({ 'app:describe': handler })
      const answer = await port.call('app:describe')
      expect(answer).toMatchObject({ ok: false, failure: { code: 'internal', ref: 'ref-1' } })
      expect(JSON.stringify(answer)).not.toContain('boom')
      expect(log.lines.join()).toContain('ref-1')
      expect(log.lines.join()).toContain('boom')
      expect(log.lines.join()).not.toContain(jwt)
    },
  )

  it('redacts the message of a failure and passes on only its known fields', async () => {
    open({
      'app:describe': () =>
        ({
          ok: false,
          failure: { code: 'server_error', message: jwt, retryAfterMs: 5, cause: jwt },
        }) as never,
    })
    const answer = await port.call('app:describe')
    expect(answer).toEqual({
      ok: false,
      failure: { code: 'server_error', message: '[redacted]', retryAfterMs: 5 },
    })
  })

  it('serves nothing after its off-switch', () => {
    open()()
    expect(port.held).toBe(0)
  })
})
