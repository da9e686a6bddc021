import { EventEmitter, once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { CommandLine } from '../../../tools/electron-stand-in/api/command-line.ts'
import {
  InstanceLock,
  type SecondInstance,
} from '../../../tools/electron-stand-in/api/instance-lock.ts'
import { Schemes } from '../../../tools/electron-stand-in/browser/schemes.ts'
import { guard, StandInUnsupported } from '../../../tools/electron-stand-in/unsupported.ts'

describe('addresses of a custom scheme', () => {
  const schemes = new Schemes()
  schemes.register([{ scheme: 'app' }])

  it.each([
    ['app://signalbox/index.html', 'https://signalbox.app.invalid/index.html'],
    ['app://signalbox/', 'https://signalbox.app.invalid/'],
    ['app://signalbox/a?b=c#d', 'https://signalbox.app.invalid/a?b=c#d'],
  ])('go to the browser and come back: %s', (app, browser) => {
    expect(schemes.toBrowser(app)).toBe(browser)
    expect(schemes.toApp(browser)).toBe(app)
  })

  it.each(['https://example.com/', 'https://signalbox.app.invalid.example.com/', 'about:blank'])(
    'are not mistaken: %s',
    (url) => {
      expect(schemes.toApp(url)).toBe(url)
      expect(schemes.toBrowser(url)).toBe(url)
      expect(schemes.ofApp(url)).toBeNull()
    },
  )
})

describe('a guarded object', () => {
  class Thing extends EventEmitter {
    readonly #secret = 1
    reveal(): number {
      return this.#secret
    }
  }
  const thing = guard('thing', new Thing(), { absent: ['dock'] })

  it('works as before, also through private fields', () => {
    expect(thing.reveal()).toBe(1)
    expect(thing.listenerCount('x')).toBe(0)
  })

  it('throws by name for what it does not have', () => {
    expect(() => Reflect.get(thing, 'setBadgeCount') as unknown).toThrow(StandInUnsupported)
    expect(() => Reflect.get(thing, 'setBadgeCount') as unknown).toThrow('thing.setBadgeCount')
  })

  it('stays quiet for what Electron does not have either, and for what the language probes', () => {
    expect(Reflect.get(thing, 'dock')).toBeUndefined()
    expect(Reflect.get(thing, 'then')).toBeUndefined()
  })
})

describe('the command line', () => {
  it('passes on to Chromium only what Chromium must see', () => {
    const line = new CommandLine([
      '.',
      '--no-sandbox',
      '--profile-file=a',
      '--remote-debugging-port=0',
    ])
    line.appendSwitch('disable-sync')
    expect(line.forChromium()).toEqual([
      '--no-sandbox',
      '--remote-debugging-port=0',
      '--disable-sync',
    ])
    expect(line.getSwitchValue('profile-file')).toBe('a')
    expect(line.hasSwitch('nothing')).toBe(false)
  })
})

describe('the single-instance lock', () => {
  const folder = (): string => {
    const path = mkdtempSync(join(tmpdir(), 'signalbox-lock-'))
    onTestFinished(() => rmSync(path, { recursive: true, force: true }))
    return path
  }
  const second: SecondInstance = { argv: ['b'], workingDirectory: '/', additionalData: { x: 1 } }

  it('is held by one, who is told of the other', async () => {
    const path = folder()
    const told = new EventEmitter()
    const first = new InstanceLock(path, (each) => told.emit('second', each))
    expect(first.request({ ...second, argv: ['a'] })).toBe(true)
    const heard = once(told, 'second')
    expect(new InstanceLock(path, () => {}).request(second)).toBe(false)
    expect(await heard).toEqual([second])
    first.release()
    expect(readdirSync(path)).toEqual([])
  })

  it('is taken over from a process that is gone', () => {
    const path = folder()
    // No process has this number and that beginning.
    writeFileSync(join(path, 'stand-in-instance.lock'), '1 0')
    const lock = new InstanceLock(path, () => {})
    expect(lock.request(second)).toBe(true)
    lock.release()
  })
})
