import {
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
  watch,
  writeFileSync,
  type FSWatcher,
} from 'node:fs'
import { join } from 'node:path'

export interface SecondInstance {
  readonly argv: string[]
  readonly workingDirectory: string
  readonly additionalData: unknown
}

/** When a process began, so that a reused process id is not taken for the lock's owner. */
function startedAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

const ownerOf = (pid: number): string => `${pid} ${startedAt(pid)}`

/**
 * One running app a data folder: a lock file made exclusively, and a folder beside it in which a
 * second instance leaves its arguments (a file, since Electron's call must answer at once).
 */
export class InstanceLock {
  readonly #lock: string
  readonly #inbox: string
  readonly #onSecond: (second: SecondInstance) => void
  #watcher: FSWatcher | null = null

  constructor(userData: string, onSecond: (second: SecondInstance) => void) {
    mkdirSync(userData, { recursive: true, mode: 0o700 })
    this.#lock = join(userData, 'stand-in-instance.lock')
    this.#inbox = join(userData, 'stand-in-instance.inbox')
    this.#onSecond = onSecond
  }

  get held(): boolean {
    return this.#watcher !== null
  }

  request(second: SecondInstance): boolean {
    if (this.held) return true
    if (!this.#take()) {
      this.#leave(second)
      return false
    }
    rmSync(this.#inbox, { recursive: true, force: true })
    mkdirSync(this.#inbox, { mode: 0o700 })
    this.#watcher = watch(this.#inbox, () => this.#empty())
    this.#watcher.unref()
    return true
  }

  release(): void {
    if (!this.held) return
    this.#watcher?.close()
    this.#watcher = null
    rmSync(this.#inbox, { recursive: true, force: true })
    rmSync(this.#lock, { force: true })
  }

  #take(): boolean {
    const own = ownerOf(process.pid)
    for (let attempt = 0; attempt < 2; attempt += 1) {
      try {
        writeFileSync(this.#lock, own, { flag: 'wx', mode: 0o600 })
        return true
      } catch {
        const owner = this.#readOwner()
        if (owner !== null && ownerOf(Number(owner.split(' ')[0])) === owner) return false
        rmSync(this.#lock, { force: true })
      }
    }
    return false
  }

  #readOwner(): string | null {
    try {
      return readFileSync(this.#lock, 'utf8')
    } catch {
      return null
    }
  }

  #leave(second: SecondInstance): void {
    const path = join(this.#inbox, `${process.pid}`)
    try {
      writeFileSync(`${path}.part`, JSON.stringify(second), { mode: 0o600 })
      renameSync(`${path}.part`, `${path}.json`)
    } catch {
      // The first instance is just ending; nobody is left to tell.
    }
  }

  #empty(): void {
    for (const name of readdirSync(this.#inbox).filter((each) => each.endsWith('.json'))) {
      const path = join(this.#inbox, name)
      const second = JSON.parse(readFileSync(path, 'utf8')) as SecondInstance
      unlinkSync(path)
      this.#onSecond(second)
    }
  }
}
