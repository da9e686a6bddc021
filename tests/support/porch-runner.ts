// Run as a process of its own: the real porch (src/main/index.ts) over a recording `electron`, with or
// without the lock of the single instance (PORCH_LOCK). It tells its parent what was called, and
// emits what the parent sends.
import { registerHooks } from 'node:module'

const recording = new URL('recording-electron.ts', import.meta.url).href

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: recording, shortCircuit: true } : next(specifier, context),
})

export interface PorchReport {
  readonly calls: readonly string[]
  /** Native modules and sockets that the process has. */
  readonly keychainLoaded: boolean
  readonly sockets: number
}

const { calls, emit } = await import('./recording-electron.ts')

Object.assign(process.report, { excludeNetwork: true })

function report(): PorchReport {
  const { sharedObjects } = process.report.getReport() as { sharedObjects: string[] }
  return {
    calls: [...calls],
    keychainLoaded: sharedObjects.some((path) => path.includes('keytar')),
    sockets: process.getActiveResourcesInfo().filter((kind) => kind.startsWith('TCP')).length,
  }
}

/** An event to emit first, or an empty text; the answer is how it stands then. */
process.on('message', (event: string) => {
  if (event !== '') emit(event, {}, { reason: 'crashed' })
  setImmediate(() => process.send?.(report()))
})
process.on('disconnect', () => process.exit())
await import('../../src/main/index.ts')
