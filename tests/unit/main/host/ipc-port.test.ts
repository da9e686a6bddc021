import { EventEmitter } from 'node:events'
import { beforeEach, describe, expect, it } from 'vitest'
import { openIpcPort } from '../../../../src/main/host/ipc-port.ts'
import type { HostIpcPort } from '../../../../src/main/host/ipc-port.ts'
import type { IpcSender } from '../../../../src/main/ports.ts'

const origin = 'app://signalbox'
type Raw = (event: unknown, message: unknown) => Promise<unknown>

/** As much of a BrowserWindow as the port looks at. */
class FakeWindow extends EventEmitter {
  readonly mainFrame: { origin: string }
  readonly sent: unknown[] = []
  destroyed = false
  readonly webContents: unknown
  readonly id: number

  constructor(id: number) {
    super()
    this.id = id
    this.mainFrame = { origin }
    this.webContents = {
      id,
      mainFrame: this.mainFrame,
      send: (channel: string, message: unknown) => this.sent.push([channel, message]),
    }
  }

  isDestroyed(): boolean {
    return this.destroyed
  }
}

let raw: Raw
let port: HostIpcPort
let window: FakeWindow
let seen: [string, unknown, IpcSender][]

const admit = (admitted: FakeWindow): void => port.admit(admitted as never)
const from = (frame: unknown, sender = window.id): unknown => ({
  senderFrame: frame,
  sender: { id: sender },
})

beforeEach(() => {
  const ipcMain = {
    handle: (_channel: string, handler: Raw) => {
      raw = handler
    },
    removeHandler: () => {},
  }
  port = openIpcPort({ ipcMain: ipcMain as never, origin })
  window = new FakeWindow(1)
  admit(window)
  seen = []
  port.onCall(async (...call) => {
    seen.push(call)
    return 'answered'
  })
})

const trusted = async (event: unknown): Promise<boolean | undefined> => {
  await raw(event, { channel: 'app:describe' })
  return seen.at(-1)?.[2].trusted
}

describe('the physical end of IPC', () => {
  it('carries channel, argument and sender to the wall and its answer back', async () => {
    const answer = await raw(from(window.mainFrame), { channel: 'x:y', argument: { a: 1 } })
    expect(answer).toBe('answered')
    expect(seen).toEqual([['x:y', { a: 1 }, { windowId: 1, trusted: true }]])
  })

  it('trusts the main frame of our window on our origin', async () => {
    expect(await trusted(from(window.mainFrame))).toBe(true)
  })

  it('does not trust a sub-frame, even on our origin', async () => {
    expect(await trusted(from({ origin }))).toBe(false)
  })

  it('does not trust a frame that is gone', async () => {
    expect(await trusted(from(null))).toBe(false)
  })

  it('does not trust another origin in our own main frame', async () => {
    window.mainFrame.origin = 'app://signalbox.evil'
    expect(await trusted(from(window.mainFrame))).toBe(false)
  })

  it('does not trust a window that was never admitted, or is closed', async () => {
    expect(await trusted(from(window.mainFrame, 2))).toBe(false)
    window.emit('closed')
    expect(await trusted(from(window.mainFrame))).toBe(false)
  })

  it('reads the sender before anything is awaited', async () => {
    const event = { senderFrame: window.mainFrame as unknown, sender: { id: 1 } }
    const answer = raw(event, { channel: 'a:b' })
    event.senderFrame = null
    await answer
    expect(seen[0]?.[2].trusted).toBe(true)
  })

  it.each([undefined, null, 7, 'text', { channel: 7 }])(
    'passes a shapeless message (%j) on as an unknown channel',
    async (message) => {
      await raw(from(window.mainFrame), message)
      expect(seen[0]?.[0]).toBe('')
    },
  )

  it('answers with a code while nothing serves', async () => {
    port.onCall(async () => 'never')()
    expect(await raw(from(window.mainFrame), {})).toMatchObject({
      ok: false,
      failure: { code: 'cancelled' },
    })
  })

  it('sends to every window that is there, or to one', () => {
    const second = new FakeWindow(2)
    const gone = new FakeWindow(3)
    admit(second)
    admit(gone)
    gone.destroyed = true
    port.send('e:one', 1)
    port.send('e:two', 2, 2)
    expect(window.sent).toEqual([['signalbox:event', { channel: 'e:one', payload: 1 }]])
    expect(second.sent).toHaveLength(2)
    expect(gone.sent).toEqual([])
  })

  it('says which window closed', () => {
    const closed: number[] = []
    const off = port.onWindowClosed((id) => closed.push(id))
    window.emit('closed')
    off()
    const second = new FakeWindow(2)
    admit(second)
    second.emit('closed')
    expect(closed).toEqual([1])
  })
})
