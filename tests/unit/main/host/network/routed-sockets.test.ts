import { inspect } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import { chromiumSockets } from '../../../../../src/main/host/network/chromium-socket.ts'
import { routedSockets } from '../../../../../src/main/host/network/routed-sockets.ts'
import type { Route } from '../../../../../src/main/host/network/routes.ts'
import { Secret } from '../../../../../src/main/lib/secret.ts'
import type { Socket, SocketEnding } from '../../../../../src/main/ports.ts'
import { FakeChromiumSocket } from '../../../../support/fake-chromium-socket.ts'
import { settle } from '../../../../support/fake-clock.ts'
import { FakeSockets } from '../../../../support/fake-socket.ts'

let direct: FakeSockets
let system: FakeSockets
let found: PromiseWithResolvers<Route>
let asked: string[]
let endings: SocketEnding[]
let messages: (string | null)[]

beforeEach(() => {
  direct = new FakeSockets()
  system = new FakeSockets()
  found = Promise.withResolvers()
  asked = []
  endings = []
  messages = []
})

function dial(url = 'wss://jobs.example.com/ws?token=canary', through = system.open): Socket {
  const routes = {
    to: (address: string) => {
      asked.push(address)
      return found.promise
    },
  }
  const open = routedSockets({ routes, direct: direct.open, system: through })
  return open({
    url: new Secret(url),
    headers: {},
    handlers: {
      open: () => {},
      message: (text) => messages.push(text),
      pong: () => {},
      close: (ending) => endings.push(ending),
    },
  })
}

const find = async (route: Route): Promise<void> => {
  found.resolve(route)
  await settle()
}

describe('a socket whose way has to be found', () => {
  it.each([
    ['direct', [1, 0]],
    ['system', [0, 1]],
  ] as const)('goes the way that leads there: %s', async (route, dialled) => {
    const socket = dial()
    expect([direct.live, system.live]).toEqual([0, 0])
    await find(route)
    expect([direct.live, system.live]).toEqual(dialled)
    const { last } = route === 'direct' ? direct : system
    last.accept()
    last.say('hello')
    socket.send('back')
    socket.close(1000)
    expect([messages, last.sent, last.closes]).toEqual([['hello'], ['back'], 1])
  })

  it('asks as the socket of its kind can', async () => {
    const socket = dial()
    await find('system')
    system.last.canPing = false
    expect(socket.ping()).toBe(false)
    system.last.canPing = true
    expect(socket.ping()).toBe(true)
  })

  it('terminated before the way is known, it is never dialled and never heard of', async () => {
    const socket = dial()
    socket.terminate()
    await find('direct')
    expect([direct.live, system.live]).toEqual([0, 0])
    expect(endings).toEqual([])
  })

  it('terminated afterwards, it takes its socket along', async () => {
    const socket = dial()
    await find('system')
    socket.terminate()
    expect(system.live).toBe(0)
  })

  it('closed before the way is known, it ends once', async () => {
    const socket = dial()
    socket.close(1000)
    await find('direct')
    socket.close(1000)
    expect(direct.live).toBe(0)
    expect(endings).toEqual([
      { code: null, reason: '', status: null, retryAfterMs: null, errorCode: null },
    ])
  })

  it('says in a code, and never in words, why it could not be opened', async () => {
    dial(
      'http//?token=canary',
      chromiumSockets((url) => new FakeChromiumSocket(url)),
    )
    await find('system')
    expect(endings).toMatchObject([{ code: null, errorCode: 'ERR_INVALID_URL' }])
    expect(inspect(endings)).not.toContain('canary')
  })

  it('passes the code of Node on', async () => {
    dial(undefined, () => {
      throw Object.assign(new TypeError('Invalid character'), { code: 'ERR_INVALID_CHAR' })
    })
    await find('system')
    expect(endings).toMatchObject([{ errorCode: 'ERR_INVALID_CHAR' }])
  })

  it('shows its address to nobody', async () => {
    const socket = dial()
    expect(inspect(socket, true, null)).not.toContain('canary')
    await find('direct')
    expect(inspect(socket, true, null)).not.toContain('canary')
    expect(asked[0]).toContain('canary')
  })
})
