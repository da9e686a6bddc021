import { describe, expect, it, vi } from 'vitest'

type Heard = (event: unknown, message: unknown) => void
interface Exposed {
  call: (channel: unknown, argument?: unknown) => Promise<unknown>
  on: (channel: unknown, listener: (payload: unknown) => void) => () => void
}

const electron = vi.hoisted(() => ({
  exposed: {},
  heard: new Map<string, unknown>(),
  invoked: [] as unknown[],
}))

vi.mock('electron', () => ({
  contextBridge: {
    exposeInMainWorld: (name: string, value: unknown) => {
      electron.exposed[name] = value
    },
  },
  ipcRenderer: {
    on: (channel: string, listener: unknown) => electron.heard.set(channel, listener),
    invoke: async (...message: unknown[]) => {
      electron.invoked.push(message)
      return { ok: true, value: undefined }
    },
  },
}))

await import('../../../src/preload/index.ts')
const bridge = electron.exposed.bridge as Exposed
const arrive = (message: unknown): void =>
  (electron.heard.get('signalbox:event') as Heard)({ sender: 'raw event' }, message)

describe('the preload', () => {
  it('exposes a bridge of two functions and nothing else', () => {
    expect(Object.keys(electron.exposed)).toEqual(['bridge'])
    expect(Object.keys(bridge)).toEqual(['call', 'on'])
    expect([...electron.heard.keys()]).toEqual(['signalbox:event'])
  })

  it('carries every call over one channel, unknown names too, so that main can refuse them', async () => {
    await bridge.call('app:describe')
    await bridge.call('jobs:steal', { a: 1 })
    await bridge.call({ toString: () => 'odd' })
    expect(electron.invoked).toEqual([
      ['signalbox:call', { channel: 'app:describe', argument: undefined }],
      ['signalbox:call', { channel: 'jobs:steal', argument: { a: 1 } }],
      ['signalbox:call', { channel: 'odd', argument: undefined }],
    ])
  })

  it('hands a listener the payload alone, until its off-switch', () => {
    const heard: unknown[][] = []
    const off = bridge.on('session:ended', (...args) => heard.push(args))
    arrive({ channel: 'session:ended', payload: { a: 1 } })
    arrive({ channel: 'jobs:batched', payload: { b: 1 } })
    arrive(null)
    arrive('text')
    off()
    arrive({ channel: 'session:ended', payload: { a: 2 } })
    expect(heard).toEqual([[{ a: 1 }]])
  })

  it('counts the same listener twice when it was put on twice', () => {
    let calls = 0
    const listener = (): void => {
      calls += 1
    }
    const off = bridge.on('profiles:changed', listener)
    bridge.on('profiles:changed', listener)
    off()
    arrive({ channel: 'profiles:changed', payload: [] })
    expect(calls).toBe(1)
  })

  it('knows no other event', () => {
    expect(() => bridge.on('app:describe', () => {})).toThrow('no such event')
  })
})
