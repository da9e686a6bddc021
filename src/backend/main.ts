import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// What Node has stripped and compiled once it need not do again: most of a start is that. The
// folder is the project's own, as what lies in it is executed.
const cache = new URL('../../node_modules/.cache/node-compile/', import.meta.url)
enableCompileCache(fileURLToPath(cache))
await import('./program.ts')
