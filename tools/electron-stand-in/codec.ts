/** What stands in for a function on the way between two worlds of one page. */
export interface FunctionTable {
  toId: (value: (...values: unknown[]) => unknown) => number
  toFunction: (id: number) => unknown
}

export interface Codec {
  encode: (value: unknown) => string
  decode: (text: string) => unknown
}

/**
 * Structured clone as text: keeps what Electron's IPC keeps (undefined, Date, Map, Set, typed
 * arrays, bigint, Error) and refuses what it refuses. Unlike it, cycles are refused as well.
 *
 * The source text of this function is also evaluated inside the page, so it may use nothing from
 * outside its own body.
 */
export function createCodec(functions: FunctionTable | null): Codec {
  const mark = '$'
  const refuse = (): never => {
    throw new Error('An object could not be cloned.')
  }
  const toBase64 = (bytes: Uint8Array): string => {
    let text = ''
    for (let at = 0; at < bytes.length; at += 8192) {
      text += String.fromCharCode(...bytes.subarray(at, at + 8192))
    }
    return btoa(text)
  }
  const fromBase64 = (text: string): Uint8Array =>
    Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
  const tagged = (tag: string, value?: unknown): Record<string, unknown> => ({
    [mark]: tag,
    v: value,
  })
  const views: Record<string, new (buffer: ArrayBuffer) => unknown> = {
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
    DataView,
  }
  const path = new Set<object>()

  const packNumber = (value: number): unknown =>
    Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : tagged('number', Object.is(value, -0) ? '-0' : String(value))

  const packBuffer = (value: object): unknown => {
    if (value instanceof ArrayBuffer) return tagged('ArrayBuffer', toBase64(new Uint8Array(value)))
    const view = value as Uint8Array
    const name = Object.prototype.toString.call(view).slice(8, -1)
    return tagged(name, toBase64(new Uint8Array(view.buffer, view.byteOffset, view.byteLength)))
  }

  const packSpecial = (value: object, name: string): unknown => {
    switch (name) {
      case 'Date':
        return tagged('Date', packNumber((value as Date).getTime()))
      case 'RegExp':
        return tagged('RegExp', [(value as RegExp).source, (value as RegExp).flags])
      case 'Map':
        return tagged(
          'Map',
          [...(value as Map<unknown, unknown>)].map(([key, item]) => [pack(key), pack(item)]),
        )
      case 'Set':
        return tagged('Set', [...(value as Set<unknown>)].map(pack))
      case 'Error': {
        const error = value as Error
        return tagged('Error', [error.name, error.message, error.stack ?? ''])
      }
      case 'Boolean':
      case 'Number':
      case 'String':
        return pack(value.valueOf())
      default:
        return value instanceof ArrayBuffer || ArrayBuffer.isView(value)
          ? packBuffer(value)
          : refuse()
    }
  }

  const packPlain = (value: object): unknown => {
    const entries = Object.entries(value)
    const packed = entries.map(([key, item]) => [key, pack(item)])
    if (!(mark in value)) return Object.fromEntries(packed) as unknown
    return tagged('Object', packed)
  }

  const packObject = (value: object): unknown => {
    if (path.has(value)) return refuse()
    path.add(value)
    try {
      // By index, not map(): a hole travels as undefined.
      if (Array.isArray(value)) return Array.from(value, pack)
      const name = Object.prototype.toString.call(value).slice(8, -1)
      return name === 'Object' ? packPlain(value) : packSpecial(value, name)
    } finally {
      path.delete(value)
    }
  }

  const pack = (value: unknown): unknown => {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value
      case 'number':
        return packNumber(value)
      case 'undefined':
        return tagged('undefined')
      case 'bigint':
        return tagged('bigint', value.toString())
      case 'function':
        if (functions === null) return refuse()
        return tagged('function', functions.toId(value as (...values: unknown[]) => unknown))
      case 'symbol':
        return refuse()
      case 'object':
        return value === null ? null : packObject(value)
    }
  }

  const unpackError = ([name, message, stack]: [string, string, string]): Error => {
    const kinds: Record<string, ErrorConstructor> = {
      EvalError,
      RangeError,
      ReferenceError,
      SyntaxError,
      TypeError,
      URIError,
    }
    const error = new (kinds[name] ?? Error)(message)
    error.stack = stack
    return error
  }

  const unpackTagged = (tag: string, value: unknown): unknown => {
    switch (tag) {
      case 'undefined':
        return undefined
      case 'number':
        return Number(value)
      case 'bigint':
        return BigInt(value as string)
      case 'Date':
        return new Date(unpack(value) as number)
      case 'RegExp':
        return new RegExp(...(value as [string, string]))
      case 'Map':
        return new Map((value as [unknown, unknown][]).map(([k, v]) => [unpack(k), unpack(v)]))
      case 'Set':
        return new Set((value as unknown[]).map(unpack))
      case 'Error':
        return unpackError(value as [string, string, string])
      case 'Object':
        return Object.fromEntries((value as [string, unknown][]).map(([k, v]) => [k, unpack(v)]))
      case 'ArrayBuffer':
        return fromBase64(value as string).buffer
      case 'function':
        return functions?.toFunction(value as number)
      default: {
        const View = views[tag]
        if (View === undefined) return refuse()
        return new View(fromBase64(value as string).buffer as ArrayBuffer)
      }
    }
  }

  const unpack = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map(unpack)
    const record = value as Record<string, unknown>
    if (mark in record) return unpackTagged(String(record[mark]), record.v)
    for (const key of Object.keys(record)) record[key] = unpack(record[key])
    return record
  }

  return {
    encode: (value) => JSON.stringify(pack(value)),
    decode: (text) => unpack(JSON.parse(text)),
  }
}
