import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** What is really held, in bytes. */
export function heapBytes(): number {
  collect()
  return process.memoryUsage().heapUsed
}

/**
 * The same without compiled code, of which V8 makes more for as long as rare paths are taken for the
 * first times.
 */
export function objectBytes(): number {
  collect()
  return getHeapSpaceStatistics()
    .filter(({ space_name }) => !/code|trusted/.test(space_name))
    .reduce((sum, { space_used_size }) => sum + space_used_size, 0)
}
