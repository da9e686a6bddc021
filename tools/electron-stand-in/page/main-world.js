/*
 * Runs in the page's own world before any script of the page. Builds there what the preload
 * exposes; calls travel to the preload's world as events on a detached node that the page's
 * scripts cannot reach.
 */
;(function mainWorld(secret, createCodec) {
  'use strict'
  const dispatch = EventTarget.prototype.dispatchEvent
  const listen = EventTarget.prototype.addEventListener
  const CustomEventHere = CustomEvent
  const call = Reflect.apply
  const functions = []
  const waiting = new Map()
  let bus = null
  let lastReply = null

  const codec = createCodec({
    toId: (value) => functions.push(value) - 1,
    toFunction: (id) => remote(id),
  })
  const emit = (name, data) =>
    call(dispatch, bus, [new CustomEventHere(name, { detail: codec.encode(data) })])
  const on = (name, handler) =>
    call(listen, bus, [name, (event) => handler(codec.decode(event.detail))])

  function remote(id) {
    return (...values) => {
      emit('call', { id, values })
      const reply = lastReply
      lastReply = null
      if (reply.error !== undefined) throw reply.error
      if (reply.promise === undefined) return reply.value
      return new Promise((resolve, reject) => waiting.set(reply.promise, { resolve, reject }))
    }
  }

  function freeze(value) {
    if (typeof value === 'object' && value !== null) Object.values(value).forEach(freeze)
    return Object.freeze(value)
  }

  function connect(event) {
    event.stopImmediatePropagation()
    document.removeEventListener(`${secret}-offer`, connect, true)
    bus = event.relatedTarget
    on('reply', (reply) => (lastReply = reply))
    on('settle', ({ promise, value, error }) => {
      const { resolve, reject } = waiting.get(promise)
      waiting.delete(promise)
      if (error === undefined) resolve(value)
      else reject(error)
    })
    on('callback', ({ id, values }) => functions[id](...values))
    on('expose', ({ key, api }) =>
      Object.defineProperty(window, key, { value: freeze(api), enumerable: true }),
    )
    on('opened', () => {})
    emit('ready', null)
  }

  document.addEventListener(`${secret}-offer`, connect, true)
  document.dispatchEvent(new Event(`${secret}-want`))

  // Electron gives null when the window-open handler denies, which is all that is supported.
  window.open = function open(url, name, features) {
    const target = url === undefined || url === '' ? 'about:blank' : String(url)
    if (bus !== null) {
      emit('open', {
        url: new URL(target, document.baseURI).href,
        frameName: String(name ?? ''),
        features: String(features ?? ''),
      })
    }
    return null
  }
})
