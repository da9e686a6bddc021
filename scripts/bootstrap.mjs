// What `npm start`, `npm test` and the others begin with: makes sure that everything is here, then
// runs the asked script on Node 24. Node built-ins only, because nothing else may be installed yet.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { ensureNodeBinary, ensurePackages, ensurePostgresLinks } from './bootstrap/packages.mjs'
import { fail, root } from './bootstrap/say.mjs'
import { ensureSystemTools } from './bootstrap/system.mjs'

const oldestNode = 20
const bin = join(root, 'node_modules', '.bin')

function checkNode() {
  const major = Number(process.versions.node.split('.')[0])
  if (major < oldestNode) {
    fail(`Node ${oldestNode} or newer is needed; this is ${process.version} (https://nodejs.org)`)
  }
}

/** The script takes this process's place: same streams, same signals, same exit code. */
function run(node, script, args) {
  const paths = [bin, join(root, 'node_modules', 'node', 'bin'), process.env.PATH ?? '']
  const child = spawn(node, [script, ...args], {
    cwd: root,
    // The channel closes when we die, in whatever way; the script then ends as well.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, PATH: paths.join(delimiter) },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // Ctrl+C in a terminal reaches the child by itself, as part of the same group.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  followNpm(() => child.kill('SIGTERM'))
  child.once('error', (error) => fail(`${script} could not be started: ${error.message}`))
  child.once('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143)
  })
}

/** A killed npm takes only its shell with it: the change of parent is all that we see of it. */
function followNpm(end) {
  if (process.env.npm_lifecycle_event === undefined || process.platform === 'win32') return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    end()
  }, 500)
  timer.unref()
}

const [what = '', ...args] = process.argv.slice(2)
const script = join(root, 'scripts', `${what}.ts`)
if (!/^[a-z-]+$/.test(what) || !existsSync(script)) fail(`there is no scripts/${what}.ts to run`)
checkNode()
ensurePackages()
const node = ensureNodeBinary()
ensurePostgresLinks()
// The backend alone needs nothing of a desktop.
if (what !== 'backend') ensureSystemTools(what)
run(node, script, args)
