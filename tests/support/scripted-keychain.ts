// Run as a process of its own, on a session bus of its own: opens the OS keychain as the app does,
// carries out the calls given as JSON on the command line, and prints their answers as JSON.
//   node scripted-keychain.ts FOLDER '[["write","session.a","text"],["read","session.a"]]'
import { openKeychain } from '../../src/main/host/keychain.ts'
import { systemClock } from '../../src/main/lib/clock.ts'
import { openFiles } from '../../src/main/lib/files.ts'
import { createLog } from '../../src/main/lib/log.ts'
import { Secret } from '../../src/main/lib/secret.ts'

type Call = readonly ['read' | 'erase', string] | readonly ['write', string, string]

const [folder = '', script = '[]'] = process.argv.slice(2)
const clock = systemClock()
const keychain = await openKeychain({
  folder,
  files: openFiles(folder),
  clock,
  log: createLog('keychain', clock, () => undefined),
})
const answers: unknown[] = [keychain.keeping]
for (const call of JSON.parse(script) as Call[]) {
  if (call[0] === 'write') answers.push(await keychain.write(call[1], new Secret(call[2])))
  else if (call[0] === 'erase') answers.push(await keychain.erase(call[1]))
  else {
    const read = await keychain.read(call[1])
    answers.push(read.kind === 'present' ? { present: read.value.reveal() } : read.kind)
  }
}
process.stdout.write(`${JSON.stringify({ answers, armed: clock.armed })}\n`)
