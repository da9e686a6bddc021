import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { hardenApp, hardenSession } from '../../../../src/main/host/hardening.ts'

type Answer = (granted: boolean) => void

describe('the hardening of a session', () => {
  const handlers: Record<string, (...args: never[]) => unknown> = {}
  const session = new Proxy(
    {},
    {
      get: (_target, name: string) => (handler: (...args: never[]) => unknown) => {
        handlers[name] = handler
      },
    },
  )
  hardenSession(session as never)
  const request = handlers.setPermissionRequestHandler as (
    contents: null,
    permission: string,
    answer: Answer,
  ) => void
  const check = handlers.setPermissionCheckHandler as (
    contents: null,
    permission: string,
  ) => boolean

  const permissions = ['media', 'geolocation', 'notifications', 'clipboard-read', 'openExternal']

  it.each(permissions)('denies %s when it is asked for and when it is looked up', (permission) => {
    let granted: boolean | null = null
    request(null, permission, (answer) => {
      granted = answer
    })
    expect([granted, check(null, permission)]).toEqual([false, false])
  })

  it('allows writing plain text to the clipboard', () => {
    let granted: boolean | null = null
    request(null, 'clipboard-sanitized-write', (answer) => {
      granted = answer
    })
    expect([granted, check(null, 'clipboard-sanitized-write')]).toEqual([true, true])
  })

  it('denies devices and screens', () => {
    expect((handlers.setDevicePermissionHandler as () => boolean)()).toBe(false)
    let streams: unknown = null
    const ask = handlers.setDisplayMediaRequestHandler as (
      request: null,
      answer: (streams: unknown) => void,
    ) => void
    ask(null, (answer) => {
      streams = answer
    })
    expect(streams).toEqual({})
  })
})

describe('the hardening of web contents', () => {
  const app = new EventEmitter()
  hardenApp(app as never)
  let open: ((details: unknown) => unknown) | null = null
  const contents = Object.assign(new EventEmitter(), {
    setWindowOpenHandler: (handler: (details: unknown) => unknown) => {
      open = handler
    },
  })
  app.emit('web-contents-created', {}, contents)

  it.each(['will-navigate', 'will-redirect', 'will-frame-navigate', 'will-attach-webview'])(
    'prevents %s',
    (name) => {
      let prevented = false
      contents.emit(name, {
        preventDefault: () => {
          prevented = true
        },
      })
      expect(prevented).toBe(true)
    },
  )

  it('denies new windows, also for https addresses', () => {
    expect(open?.({ url: 'https://example.com' })).toEqual({ action: 'deny' })
  })
})
