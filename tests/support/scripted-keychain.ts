// Run as a process of its own, on a session bus of its own: opens the OS keychain as the app does,
// carries out the calls given as JSON on the command line, and prints their answers as JSON.
//   node scripted-keychain.ts FOLDER '[["write","session.a","text"],["read","session.a"]]'
// With KEYCHAIN_HURRY=n its timers are n times as fast, and it does not wait for native calls that hang.
import { openKeychain } from '../../src/main/host/keychain.ts'
import { systemClock } from '../../src/main/lib/clock.ts'
import { openFiles } from '../../src/main/lib/files.ts'
import { createLog } from '../../src/main/lib/log.ts'
import { Secret } from '../../src/main/lib/secret.ts'
import type { Clock } from '../../src/main/ports.ts'
import type { KeychainCall } from './keyring-session.ts'

export interface KeychainReport {
  readonly answers: readonly unknown[]
  /** Timers that were left. */
  readonly armed: number
  /** The longest wait that was asked of the clock, in milliseconds. */
  readonly longestMs: number
}

const hurry = Number(process.env.KEYCHAIN_HURRY ?? 1)
const real = systemClock()
let longestMs = 0
const clock: Clock = {
  now: real.now,
  monotonic: real.monotonic,
  after: (delayMs, run) => {
    longestMs = Math.max(longestMs, delayMs)
    return real.after(delayMs / hurry, run)
  },
  get armed() {
    return real.armed
  },
}

const [folder = '', script = '[]'] = process.argv.slice(2)
const keychain = await openKeychain({
  folder,
  files: openFiles(folder),
  clock,
  log: createLog('keychain', clock, () => undefined),
})
const answers: unknown[] = [keychain.keeping]
for (const call of JSON.parse(script) as KeychainCall[]) {
  if (call[0] === 'write') answers.push(await keychain.write(call[1], new Secret(call[2])))
  else if (call[0] === 'erase') answers.push(await keychain.erase(call[1]))
  else {
    const read = await keychain.read(call[1])
    answers.push(read.kind === 'present' ? { present: read.value.reveal() } : read.kind)
  }
}
const report: KeychainReport = { answers, armed: clock.armed, longestMs }
process.stdout.write(`${JSON.stringify(report)}\n`, () => {
  // A native call that hangs would keep the process for as long as it does.
  if (hurry > 1) process.kill(process.pid, 'SIGKILL')
})
