import { EventEmitter } from 'node:events'
import { beforeEach, describe, expect, it } from 'vitest'
import { onNewWindowKey } from '../../../../src/main/host/new-window-key.ts'
import { cascade } from '../../../../src/main/host/window-bounds.ts'
import type { Bounds } from '../../../../src/main/host/window-bounds.ts'
import { Windows } from '../../../../src/main/host/windows.ts'
import type { OpenedWindow } from '../../../../src/main/host/windows.ts'
import { createLog } from '../../../../src/main/lib/log.ts'
import { FakeClock, settle } from '../../../support/fake-clock.ts'
import { memoryLog } from '../../../support/memory-ports.ts'

/** As much of a BrowserWindow as the set looks at. */
class FakeWindow extends EventEmitter {
  readonly bounds: Bounds
  readonly acts: string[] = []
  minimized = false

  constructor(bounds: Bounds) {
    super()
    this.bounds = bounds
  }

  readonly isMinimized = (): boolean => this.minimized
  readonly restore = (): number => this.acts.push('restore')
  readonly show = (): number => this.acts.push('show')
  readonly focus = (): number => this.acts.push('focus')
  readonly getNormalBounds = (): Bounds => this.bounds
}

const first = { x: 10, y: 20, width: 900, height: 700 }
let opened: FakeWindow[]
let besides: (Bounds | null)[]
let fails: boolean
let log: ReturnType<typeof memoryLog>
let windows: Windows<OpenedWindow & FakeWindow>

beforeEach(() => {
  opened = []
  besides = []
  fails = false
  log = memoryLog()
  windows = new Windows(
    async (beside, admit) => {
      besides.push(beside && { ...beside })
      const window = new FakeWindow({ ...(beside ?? first) })
      opened.push(window)
      admit(window as OpenedWindow & FakeWindow)
      await Promise.resolve()
      if (fails) throw new Error('ERR_FAILED')
    },
    createLog('test', new FakeClock(), log.sink),
  )
})

describe('the windows of the app', () => {
  it('are opened beside the one that was used last', async () => {
    await windows.open()
    await windows.open()
    opened[1]!.bounds.x = 500
    await windows.open()
    expect(besides).toEqual([null, first, { ...first, x: 500 }])
    expect(windows.size).toBe(3)
  })

  it('are brought to the front by the one that was used last', async () => {
    await windows.open()
    await windows.open()
    opened[0]!.emit('focus')
    opened[0]!.minimized = true
    windows.bringToFront()
    expect(opened.map(({ acts }) => acts)).toEqual([['restore', 'show', 'focus'], []])
    opened[0]!.emit('closed')
    windows.bringToFront()
    expect(opened[1]!.acts).toEqual(['show', 'focus'])
  })

  it('begin with a first one again when all are closed and the app is asked for', async () => {
    await windows.open()
    opened[0]!.emit('closed')
    expect(windows.size).toBe(0)
    windows.bringToFront()
    await settle()
    expect([windows.size, besides]).toEqual([1, [null, null]])
  })

  it('say in the log that one did not open, unless it is the first of all', async () => {
    fails = true
    windows.openAnother()
    await settle()
    expect(log.lines.join()).toContain('ERR_FAILED')
    await expect(windows.open()).rejects.toThrow('ERR_FAILED')
  })
})

describe('the place of another window', () => {
  const screens = [
    { x: 0, y: 0, width: 1_920, height: 1_080 },
    { x: 1_920, y: 100, width: 1_280, height: 900 },
  ]

  it('is a step from the one that it is opened beside, and as large', () => {
    expect(cascade(first, screens)).toEqual({ x: 42, y: 52, width: 900, height: 700 })
  })

  it('is the corner of that screen where there is no room for a step', () => {
    const low = { x: 2_200, y: 290, width: 900, height: 700 }
    expect(cascade(low, screens)).toEqual({ x: 1_920, y: 100, width: 900, height: 700 })
  })

  it('is a step further also where no screen is known', () => {
    expect(cascade(first, [])).toMatchObject({ x: 42, y: 52 })
  })
})

describe('the key for another window', () => {
  const press = (keys: object): { readonly asked: number; readonly kept: boolean } => {
    const contents = new EventEmitter()
    let asked = 0
    let kept = false
    onNewWindowKey(contents as never, () => (asked += 1))
    const input = {
      type: 'keyDown',
      key: 'N',
      control: true,
      shift: true,
      alt: false,
      meta: false,
      isAutoRepeat: false,
      ...keys,
    }
    contents.emit('before-input-event', { preventDefault: () => (kept = true) }, input)
    return { asked, kept }
  }

  it('is Ctrl+Shift+N, which the page does not see', () => {
    expect(press({})).toEqual({ asked: 1, kept: true })
    expect(press({ key: 'n' })).toEqual({ asked: 1, kept: true })
  })

  it('opens one window however long it is held', () => {
    expect(press({ isAutoRepeat: true })).toEqual({ asked: 0, kept: true })
    expect(press({ type: 'keyUp' })).toEqual({ asked: 0, kept: true })
  })

  it.each([{ control: false }, { shift: false }, { alt: true }, { meta: true }, { key: 'm' }])(
    'is no other (%j)',
    (keys) => {
      expect(press(keys)).toEqual({ asked: 0, kept: false })
    },
  )
})
