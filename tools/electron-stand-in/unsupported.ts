/** Thrown for every part of Electron that the stand-in does not have, so that no gap is silent. */
export class StandInUnsupported extends Error {
  constructor(what: string) {
    super(`${what} is not part of the Electron stand-in (tools/electron-stand-in/README.md)`)
    this.name = 'StandInUnsupported'
  }
}

/** Names that the language, inspectors and bundlers probe for on any object. */
const probed = new Set([
  'then',
  'toJSON',
  'default',
  '__esModule',
  'inspect',
  'nodeType',
  '$$typeof',
  'asymmetricMatch',
  'splice',
])

interface GuardOptions {
  /** Names that are `undefined` in Electron on Linux as well. */
  readonly absent?: readonly string[]
  /** Off for a table of classes, where binding would break `new` and statics. */
  readonly bind?: boolean
}

/** The same object, except that reading a name that it does not have throws. */
export function guard<T extends object>(name: string, target: T, options: GuardOptions = {}): T {
  const bound = new WeakMap<object, unknown>()
  const bind = options.bind ?? true
  return new Proxy(target, {
    get(_, key) {
      const value: unknown = Reflect.get(target, key, target)
      if (value === undefined && typeof key === 'string' && !(key in target)) {
        if (probed.has(key) || options.absent?.includes(key) === true) return undefined
        throw new StandInUnsupported(`${name}.${key}`)
      }
      if (!bind || typeof value !== 'function' || key === 'constructor') return value
      // Methods run on the target itself, where private fields live.
      const known = bound.get(value)
      if (known !== undefined) return known
      const method: unknown = value.bind(target)
      bound.set(value, method)
      return method
    },
    set(_, key, value) {
      return Reflect.set(target, key, value, target)
    },
  })
}
