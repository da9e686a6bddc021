/**
 * Runs inside the window: tries whatever a page could try to run foreign code, to reach the network
 * at `target`, or to be allowed something. Answers, for each, how it was refused, or that it worked.
 */
export async function allOutcomes(target: string): Promise<Record<string, string>> {
  const outcomes: Record<string, string> = {}
  const violations: string[] = []
  addEventListener('securitypolicyviolation', (event) => {
    violations.push(event.effectiveDirective)
  })
  // What DevTools evaluates may use eval for as long as it runs: leave it first.
  await new Promise((resolve) => setTimeout(resolve))

  const said = (error: unknown): string =>
    `refused: ${error instanceof Error ? error.name : String(error)}`
  /** A refusal comes at once; whatever takes longer is no refusal. */
  const tooLate = (): Promise<false> =>
    new Promise((resolve) => setTimeout(() => resolve(false), 5_000))
  const attempt = async (name: string, run: () => unknown): Promise<void> => {
    try {
      outcomes[name] = (await Promise.race([run(), tooLate()])) === true ? 'refused' : 'WORKED'
    } catch (error) {
      outcomes[name] = said(error)
    }
  }
  /** The policy was asked and said no. */
  const violated = async (name: string, directive: string, run: () => unknown): Promise<void> => {
    const before = violations.length
    const heard = new Promise<void>((resolve) =>
      addEventListener('securitypolicyviolation', () => resolve(), { once: true }),
    )
    await attempt(name, async () => {
      run()
      await heard
      return violations.slice(before).some((each) => each.startsWith(directive))
    })
  }
  const add = (tag: string, more: object): HTMLElement => {
    const element = Object.assign(document.createElement(tag), more)
    document.body.append(element)
    return element
  }
  const blob = (text: string): string =>
    URL.createObjectURL(new Blob([text], { type: 'text/javascript' }))

  await attempt('eval', () => (0, eval)('1'))
  await attempt('new Function', () => Reflect.construct(Function, ['return 1']))
  await violated('a timer with text', 'script-src', () => {
    Reflect.apply(setTimeout, window, ['window.ran = true'])
  })
  await violated('an inline script', 'script-src', () =>
    add('script', { textContent: 'window.ran = true' }),
  )
  await violated('a script from elsewhere', 'script-src', () =>
    add('script', { src: `${target}/script.js` }),
  )
  await violated('a script from a blob', 'script-src', () =>
    add('script', { src: blob('window.ran = true') }),
  )
  await violated('an event handler in the markup', 'script-src', () =>
    add('div', { innerHTML: '<img src="data:," onerror="window.ran = true">' }),
  )
  await violated('a javascript: address', 'script-src', () =>
    add('a', { href: 'javascript:window.ran=true' }).click(),
  )
  await attempt('import()', () => import(/* @vite-ignore */ `${target}/module.js`))
  await attempt('a worker from a blob', async () => {
    const worker = new Worker(blob('postMessage(1)'))
    return new Promise((resolve) => {
      worker.onmessage = () => resolve(false)
      worker.onerror = () => resolve(true)
    })
  })
  await attempt('a service worker', () => navigator.serviceWorker.register('/index.js'))
  await attempt('WebAssembly', () =>
    WebAssembly.compile(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])),
  )
  outcomes['whatever was to run'] = 'ran' in window ? 'WORKED' : 'refused'

  await attempt('fetch', () => fetch(`${target}/fetch`))
  await attempt('fetch without looking', () => fetch(`${target}/fetch`, { mode: 'no-cors' }))
  await attempt('fetch of its own files', () => fetch('/index.html'))
  await attempt('XMLHttpRequest', async () => {
    const request = new XMLHttpRequest()
    request.open('GET', `${target}/xhr`)
    return new Promise((resolve) => {
      request.onerror = () => resolve(true)
      request.onload = () => resolve(false)
      request.send()
    })
  })
  await attempt('WebSocket', async () => {
    const socket = new WebSocket(target.replace('http', 'ws'))
    return new Promise((resolve) => {
      socket.onerror = () => resolve(true)
      socket.onopen = () => resolve(false)
    })
  })
  await attempt('EventSource', async () => {
    const source = new EventSource(`${target}/events`)
    return new Promise((resolve) => {
      source.onerror = () => resolve(true)
      source.onopen = () => resolve(false)
    })
  })
  await violated('a beacon', 'connect-src', () => navigator.sendBeacon(`${target}/beacon`, 'x'))
  await violated('a picture from elsewhere', 'img-src', () =>
    add('img', { src: `${target}/picture.png` }),
  )
  await violated('a style sheet from elsewhere', 'style-src', () =>
    add('link', { rel: 'stylesheet', href: `${target}/style.css` }),
  )
  await violated('a form', 'form-action', () => {
    const form = document.createElement('form')
    form.action = `${target}/form`
    form.method = 'post'
    document.body.append(form)
    form.submit()
  })
  await violated('a frame from elsewhere', 'frame-src', () =>
    add('iframe', { src: `${target}/frame` }),
  )
  await violated('an object', 'object-src', () => add('object', { data: `${target}/object` }))
  await violated('another base address', 'base-uri', () => add('base', { href: target }))

  await attempt('geolocation', async () => {
    return new Promise((resolve) =>
      navigator.geolocation.getCurrentPosition(
        () => resolve(false),
        ({ code }) => resolve(code === GeolocationPositionError.PERMISSION_DENIED),
      ),
    )
  })
  await attempt('notifications', async () => (await Notification.requestPermission()) !== 'granted')
  await attempt('camera and microphone', () =>
    navigator.mediaDevices.getUserMedia({ audio: true, video: true }),
  )
  await attempt('reading the clipboard', () => navigator.clipboard.readText())
  return outcomes
}
