import { execFileSync, spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Order, Report } from './wire-end.ts'

const endScript = fileURLToPath(new URL('wire-end.ts', import.meta.url))
/** Nobody else sees them: both ends live in namespaces of their own. */
const addresses = { server: '10.77.0.1', client: '10.77.0.2' } as const
type End = keyof typeof addresses
const port = 8_080
/** The address of a network card that does not exist. */
const nobody = '02:00:00:00:00:fe'

const isRoot = process.getuid?.() === 0
/** Whoever is not root is root in a user namespace, where the system allows one. */
const own = [...(isRoot ? [] : ['--user', '--map-root-user']), '--net']
/** Into the user namespace of a process, where there is one. */
const asThere = isRoot ? [] : ['--user', '--preserve-credentials']

/** Whether this system lets us have networks of our own. */
export function canLayWires(): boolean {
  if (process.platform !== 'linux') return false
  return spawnSync('unshare', [...own, 'ip', 'link', 'set', 'lo', 'up']).status === 0
}

/**
 * A server and a connection of ours in two network namespaces with a cable in between, which can be
 * made a black hole or pulled. It owns two processes; the namespaces and the cable go with them.
 */
export class Wire {
  readonly #server: ChildProcess
  #client: ChildProcess | null = null
  readonly #waiting = new Set<() => void>()
  #ready = 0
  #ordered = 0
  #seen: Extract<Report, { kind: 'client' }> = {
    kind: 'client',
    state: 'idle',
    reason: null,
    heard: 0,
    done: 0,
  }

  private constructor() {
    this.#server = this.#spawn('unshare', [
      ...own,
      process.execPath,
      endScript,
      'server',
      `${port}`,
    ])
  }

  static async lay(): Promise<Wire> {
    const wire = new Wire()
    await wire.#until('the server is there', () => wire.#ready === 1)
    await wire.#addClient()
    wire.#ip('server', `link add server type veth peer name client netns ${wire.#client?.pid ?? 0}`)
    for (const end of ['server', 'client'] as const) {
      wire.#ip(end, `address add ${addresses[end]}/24 dev ${end}`)
      wire.#ip(end, `link set ${end} up`)
    }
    return wire
  }

  get seen(): Extract<Report, { kind: 'client' }> {
    return this.#seen
  }

  async dial(): Promise<void> {
    await this.#order('dial')
  }

  /** Lets time go by for the client; the network is as quick as ever. */
  async advance(advanceMs: number): Promise<void> {
    await this.#order({ advanceMs })
  }

  reached(what: string, check: (seen: Wire['seen']) => boolean): Promise<void> {
    return this.#until(what, () => check(this.#seen))
  }

  /** What either end sends goes to a card that nobody has: it leaves, and never arrives. */
  becomeBlackHole(): void {
    this.#ip(
      'client',
      `neigh replace ${addresses.server} lladdr ${nobody} dev client nud permanent`,
    )
    this.#ip(
      'server',
      `neigh replace ${addresses.client} lladdr ${nobody} dev server nud permanent`,
    )
  }

  pull(): void {
    for (const end of ['server', 'client'] as const) this.#ip(end, `link set ${end} down`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of [this.#client, this.#server]) {
      if (end?.exitCode !== null) continue
      const gone = new Promise((resolve) => end.once('exit', resolve))
      if (end.kill('SIGKILL')) await gone
    }
  }

  async #addClient(): Promise<void> {
    const url = `ws://${addresses.server}:${port}`
    const args = ['--net', process.execPath, endScript, 'client', url]
    const there = ['--target', String(this.#server.pid), ...asThere, 'unshare', ...args]
    // The cable can only be laid between namespaces of one user namespace.
    this.#client = isRoot ? this.#spawn('unshare', args) : this.#spawn('nsenter', there)
    await this.#until('the client is there', () => this.#ready === 2)
  }

  #ip(end: End, command: string): void {
    const pid = (end === 'server' ? this.#server : this.#client)?.pid
    const there = ['--target', String(pid), '--net', ...asThere]
    execFileSync('nsenter', [...there, 'ip', ...command.split(' ')], { stdio: 'pipe' })
  }

  #spawn(program: string, args: readonly string[]): ChildProcess {
    const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    child.on('message', (report: Report) => {
      if (report.kind === 'ready') this.#ready += 1
      else this.#seen = report
      for (const look of [...this.#waiting]) look()
    })
    return child
  }

  async #order(order: Order): Promise<void> {
    this.#ordered += 1
    const number = this.#ordered
    this.#client?.send(order)
    await this.#until('it is carried out', () => this.#seen.done >= number)
  }

  #until(what: string, check: () => boolean): Promise<void> {
    if (check()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#waiting.delete(look)
        clearTimeout(timer)
      }
      const look = (): void => {
        if (!check()) return
        end()
        resolve()
      }
      const timer = setTimeout(() => {
        end()
        reject(new Error(`waited in vain until ${what}; seen: ${JSON.stringify(this.#seen)}`))
      }, 30_000)
      this.#waiting.add(look)
    })
  }
}
