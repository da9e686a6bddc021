/**
 * Stands in for `electron` in a process that runs the porch on plain Node (porch-runner.ts): every
 * call is written down, and only those are answered that the porch needs an answer to.
 */
export const calls: string[] = []
/** What was listened to, by what and event: `app second-instance`. */
const listeners = new Map<string, (...args: unknown[]) => unknown>()

export function emit(event: string, ...args: unknown[]): void {
  listeners.get(event)?.(...args)
}

const answers: Readonly<Record<string, (...args: never[]) => unknown>> = {
  'app.requestSingleInstanceLock': () => process.env.PORCH_LOCK === 'granted',
  'app.whenReady': () => Promise.resolve(),
  'app.getPath': () => process.env.PORCH_FOLDER,
  'app.getVersion': () => '0.0.0',
  'screen.getAllDisplays': () => [{ workArea: { x: 0, y: 0, width: 1_600, height: 900 } }],
  'session.fromPartition': () => recorded('wires'),
  'window.isMinimized': () => true,
  'window.isDestroyed': () => false,
  'window.getNormalBounds': () => ({ x: 0, y: 0, width: 1_200, height: 800 }),
  'window.loadURL': () => Promise.resolve(),
}

/** Can be called and constructed, as everything recorded can. */
function shape(): void {}

/** A thing of any shape: whatever is taken from it is another one, whatever is called is noted. */
function recorded(name: string): object {
  return new Proxy(shape, {
    get: (_target, key) => {
      if (typeof key === 'symbol' || key === 'then') return undefined
      return recorded(`${name}.${key}`)
    },
    apply: (_target, _self, args: unknown[]) => {
      calls.push(name)
      const [event, listener] = args
      if (/\.(on|once)$/.test(name) && typeof listener === 'function') {
        const of = name.replace(/\.(on|once)$/, '')
        listeners.set(`${of} ${String(event)}`, listener as (...given: unknown[]) => unknown)
      }
      return (answers[name] as ((...given: unknown[]) => unknown) | undefined)?.(...args)
    },
    construct: () => {
      calls.push(`new ${name}`)
      return recorded('window')
    },
  })
}

export const app = recorded('app')
export const protocol = recorded('protocol')
export const session = recorded('session')
export const net = recorded('net')
export const ipcMain = recorded('ipcMain')
export const powerMonitor = recorded('powerMonitor')
export const screen = recorded('screen')
export const nativeTheme = recorded('nativeTheme')
export const BrowserWindow = recorded('BrowserWindow')
export const Menu = recorded('Menu')
