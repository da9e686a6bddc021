// To be imported before anything else. Compiled code comes and goes by megabytes: thrown away when it
// was not used for a while, made anew, optimized, given up. Here everything is interpreted, and what
// was compiled once stays, so that what the heap does is what the console does.
import { setFlagsFromString } from 'node:v8'

for (const flag of [
  '--no-opt',
  '--no-maglev',
  '--no-sparkplug',
  '--no-flush-bytecode',
  '--no-lazy-feedback-allocation',
]) {
  setFlagsFromString(flag)
}
