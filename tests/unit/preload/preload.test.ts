import { describe, expect, it } from 'vitest'
import { openBridge, type IpcEnd } from '../../../src/preload/bridge.ts'

type Heard = (event: unknown, message: unknown) => void

/** What the preload uses of ipcRenderer. */
class FakeIpc implements IpcEnd {
  readonly heard = new Map<string, Heard>()
  readonly invoked: unknown[] = []

  on = (channel: string, listener: Heard): this => {
    this.heard.set(channel, listener)
    return this
  }

  invoke = async (...message: unknown[]): Promise<unknown> => {
    this.invoked.push(message)
    return { ok: true, value: undefined }
  }
}

const ipc = new FakeIpc()
const bridge = openBridge(ipc)
const arrive = (message: unknown): void => {
  ipc.heard.get('signalbox:event')?.({ sender: 'raw event' }, message)
}

describe('the preload', () => {
  it('gives the page a bridge of two functions and nothing else', () => {
    expect(Object.keys(bridge)).toEqual(['call', 'on'])
    expect([...ipc.heard.keys()]).toEqual(['signalbox:event'])
  })

  it('carries every call over one channel, unknown names too, so that main can refuse them', async () => {
    await bridge.call('app:describe')
    await bridge.call('jobs:steal', { a: 1 })
    await bridge.call({ toString: () => 'odd' })
    expect(ipc.invoked).toEqual([
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
