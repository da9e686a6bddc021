import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PorchReport } from './porch-runner.ts'

const runner = fileURLToPath(new URL('porch-runner.ts', import.meta.url))

/** The app's own porch on plain Node, in a process of its own, over an Electron that writes down. */
export class Porch {
  readonly #child: ChildProcess
  readonly #folder: string

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child
    this.#folder = folder
  }

  /** `lock`: what the platform answers when the app asks whether it is the only one. */
  static start(lock: 'granted' | 'taken'): Porch {
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-porch-'))
    // No session bus: the keychain is looked for, and there is none.
    const env = { PATH: process.env.PATH, PORCH_LOCK: lock, PORCH_FOLDER: folder }
    const child = spawn(process.execPath, [runner, `--user-data-dir=${folder}`], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env,
    })
    return new Porch(child, folder)
  }

  /** Emits an event of the platform, if one is given, and answers how it stands then. */
  async ask(event = ''): Promise<PorchReport> {
    this.#child.send(event)
    const [report] = (await once(this.#child, 'message')) as [PorchReport]
    return report
  }

  /** How it stands once this was called. */
  async called(call: string): Promise<PorchReport> {
    for (;;) {
      const report = await this.ask()
      if (report.calls.includes(call)) return report
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, 'exit')
    if (this.#child.exitCode === null && this.#child.kill('SIGKILL')) await gone
    rmSync(this.#folder, { recursive: true })
  }
}
