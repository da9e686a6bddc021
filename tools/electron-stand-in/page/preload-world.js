/*
 * Runs in the isolated world before any script of the page: contextBridge and ipcRenderer for the
 * preload, the wire to the main process, and a few facts about the window that only the page knows.
 */
;(function preloadWorld(options, createCodec, runPreload) {
  'use strict'
  const { secret, binding, receiver, subFrames, facts } = options
  const isTop = window === window.top
  const post = globalThis[binding]
  const wire = createCodec(null)
  const tell = (message) => post(wire.encode(message))

  /* What only a person's keys do; those with which Chromium opens a window of its own stay here. */
  function reportKey(event) {
    if (!event.isTrusted) return
    const { key, code, repeat, shiftKey, ctrlKey, altKey, metaKey, location } = event
    if (ctrlKey && (key === 'n' || key === 'N')) event.preventDefault()
    tell({
      type: 'input',
      input: {
        type: event.type === 'keydown' ? 'keyDown' : 'keyUp',
        key,
        code,
        isAutoRepeat: repeat,
        isComposing: event.isComposing,
        shift: shiftKey,
        control: ctrlKey,
        alt: altKey,
        meta: metaKey,
        location,
        modifiers: [],
      },
    })
  }

  function reportWindow() {
    const dark = matchMedia('(prefers-color-scheme: dark)')
    const size = () =>
      tell({ type: 'resized', width: window.outerWidth, height: window.outerHeight })
    window.addEventListener('resize', size)
    window.addEventListener('focus', () => tell({ type: 'focused' }))
    window.addEventListener('blur', () => tell({ type: 'blurred' }))
    for (const type of ['keydown', 'keyup']) window.addEventListener(type, reportKey, true)
    document.addEventListener('visibilitychange', () =>
      tell({ type: 'visibility', visible: document.visibilityState === 'visible' }),
    )
    dark.addEventListener('change', () => tell({ type: 'scheme', dark: dark.matches }))
    tell({ type: 'scheme', dark: dark.matches })
  }

  /*
   * A link that would open a window is held before Chromium makes one: a page that is closed while a
   * debugger still attaches to it stops the process that it shares with its opener.
   */
  function holdNewWindows() {
    const own = ['', '_self', '_parent', '_top']
    const hold = (event) => {
      const link = event.composedPath().find((node) => typeof node.href === 'string')
      if (event.defaultPrevented || link === undefined || event.button === 2) return
      const modified = event.ctrlKey || event.metaKey || event.shiftKey || event.button === 1
      const target = link.target ?? ''
      if (!modified && own.includes(target)) return
      event.preventDefault()
      const frameName = target.startsWith('_') ? '' : target
      tell({ type: 'open', url: link.href, frameName, features: '' })
    }
    window.addEventListener('click', hold)
    window.addEventListener('auxclick', hold)
  }

  holdNewWindows()
  if (isTop) reportWindow()
  if (!isTop && !subFrames) return

  // --- contextBridge ---
  const functions = []
  const exposed = []
  let ready = false
  let promises = 0
  const bus = document.createElement('span')
  const codec = createCodec({
    toId: (value) => functions.push(value) - 1,
    toFunction: (id) => {
      return (...values) => emit('callback', { id, values })
    },
  })
  const emit = (name, data) =>
    bus.dispatchEvent(new CustomEvent(name, { detail: codec.encode(data) }))
  const on = (name, handler) =>
    bus.addEventListener(name, (event) => handler(codec.decode(event.detail)))
  const offer = () =>
    document.dispatchEvent(new MouseEvent(`${secret}-offer`, { relatedTarget: bus }))

  function answer(run) {
    try {
      const value = run()
      if (!(value instanceof Promise)) return emit('reply', { value })
      const promise = (promises += 1)
      value.then(
        (result) => emit('settle', { promise, value: result }),
        (error) => emit('settle', { promise, error: error ?? new Error('rejected') }),
      )
      emit('reply', { promise })
    } catch (error) {
      emit('reply', { error })
    }
  }

  on('call', ({ id, values }) => answer(() => functions[id](...values)))
  on('open', (details) => tell({ type: 'open', ...details }))
  on('ready', () => {
    ready = true
    for (const each of exposed) emit('expose', each)
  })
  document.addEventListener(`${secret}-want`, offer)
  offer()

  const contextBridge = {
    exposeInMainWorld(key, api) {
      if (exposed.some((each) => each.key === key)) {
        throw new Error(`Cannot bind an API on top of an existing property on the window object`)
      }
      exposed.push({ key, api })
      if (ready) emit('expose', { key, api })
    },
  }

  // --- ipcRenderer ---
  const listeners = new Map()
  const pending = new Map()
  let invocations = 0
  const add = (channel, entry) => {
    listeners.set(channel, [...(listeners.get(channel) ?? []), entry])
    return ipcRenderer
  }
  const remove = (channel, listener) => {
    const kept = (listeners.get(channel) ?? []).filter((entry) => entry.listener !== listener)
    listeners.set(channel, kept)
    return ipcRenderer
  }
  const ipcRenderer = {
    on: (channel, listener) => add(channel, { listener, once: false }),
    once: (channel, listener) => add(channel, { listener, once: true }),
    addListener: (channel, listener) => add(channel, { listener, once: false }),
    off: remove,
    removeListener: remove,
    removeAllListeners: (channel) => {
      if (channel === undefined) listeners.clear()
      else listeners.delete(channel)
      return ipcRenderer
    },
    listenerCount: (channel) => (listeners.get(channel) ?? []).length,
    send: (channel, ...values) => tell({ type: 'send', channel, values }),
    invoke: (channel, ...values) => {
      const id = (invocations += 1)
      return new Promise((resolve, reject) => {
        tell({ type: 'invoke', id, channel, values })
        pending.set(id, { resolve, reject })
      })
    },
  }

  function deliver({ channel, values }) {
    const event = { sender: ipcRenderer, ports: [] }
    for (const entry of listeners.get(channel) ?? []) {
      if (entry.once) remove(channel, entry.listener)
      entry.listener(event, ...values)
    }
  }

  globalThis[receiver] = (text) => {
    const message = wire.decode(text)
    if (message.type === 'deliver') return deliver(message)
    const { resolve, reject } = pending.get(message.id)
    pending.delete(message.id)
    if (message.error === undefined) resolve(message.value)
    else reject(new Error(message.error))
  }

  // --- the preload itself ---
  const unsupported = (name, target) =>
    new Proxy(target, {
      get(_, key) {
        if (key in target || typeof key === 'symbol') return target[key]
        if (key === 'then' || key === '__esModule' || key === 'default') return undefined
        const error = new Error(`${name}.${key} is not part of the Electron stand-in`)
        error.name = 'StandInUnsupported'
        throw error
      },
    })
  const electron = unsupported('electron', {
    contextBridge: unsupported('contextBridge', contextBridge),
    ipcRenderer: unsupported('ipcRenderer', ipcRenderer),
  })
  const require = (name) => {
    if (name === 'electron' || name === 'electron/renderer') return electron
    throw new Error(`module not found: ${name}`)
  }
  const process = { ...facts, type: 'renderer', env: {}, sandboxed: true, contextIsolated: true }
  try {
    const module = { exports: {} }
    runPreload(require, module, module.exports, process)
  } catch (error) {
    tell({ type: 'preload-error', error })
  }
})
