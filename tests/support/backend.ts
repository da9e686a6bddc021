import { cp, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBackend, type Backend } from '../../src/backend/backend.ts'
import { parseConfig, type BackendConfig } from '../../src/backend/config.ts'
import { readSchema } from '../../src/backend/database/migrations.ts'
import { createLog, type Log } from '../../src/backend/log.ts'
import type { Tuning } from '../../src/backend/parts.ts'

export interface TestBackendOptions {
  readonly auth?: Partial<BackendConfig['auth']>
  readonly tokens?: Partial<BackendConfig['tokens']>
  readonly realtime?: Partial<BackendConfig['realtime']>
  readonly gateway?: Partial<BackendConfig['gateway']>
  readonly load?: BackendConfig['load']
  readonly port?: number
  /** A folder of the test's own, kept at `stop()`; otherwise a temporary one that goes with it. */
  readonly dataDir?: string
  readonly reset?: boolean
  /** No gateway and no jobs: only the database and auth. */
  readonly idle?: boolean
  /** Limits of the gateway, pace of the jobs. */
  readonly tuning?: Tuning
  readonly log?: Log
}

export interface TestBackend extends Backend {
  readonly dataDir: string
  /** Everything the backend logged, redacted, from `debug` on. */
  readonly logLines: readonly string[]
  /** Ends it and removes its temporary folder. */
  readonly stop: () => Promise<void>
}

/** The real backend in this process, on a free port, over a throw-away copy of a prepared folder. */
export async function startTestBackend(options: TestBackendOptions = {}): Promise<TestBackend> {
  const dataDir = options.dataDir ?? (await copyOfTemplate())
  const logLines: string[] = []
  const log = options.log ?? createLog('backend', (line) => void logLines.push(line), 'debug')
  const config = configFor(dataDir, options)
  const { idle = false, tuning = {} } = options
  const backend = await startBackend({ config, log, throwaway: true, idle, tuning })
  const stop = async (): Promise<void> => {
    await backend.close()
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true })
  }
  return { ...backend, dataDir, logLines, stop }
}

function configFor(dataDir: string, options: TestBackendOptions): BackendConfig {
  const args = ['--port', '0', '--data', dataDir]
  const { config } = parseConfig({ args, env: {}, readFile: () => '' })
  const { auth, tokens, realtime, gateway, load = null, port = 0, reset = false } = options
  return {
    ...config,
    port,
    load,
    reset,
    auth: { ...config.auth, ...auth },
    tokens: { ...config.tokens, ...tokens },
    realtime: { ...config.realtime, ...realtime },
    gateway: { ...config.gateway, ...gateway },
  }
}

/** A new data folder costs a second; a copy of one with the same schema costs a tenth of it. */
async function copyOfTemplate(): Promise<string> {
  const { fingerprint } = await readSchema()
  const uid = process.getuid?.() ?? 0
  const template = join(tmpdir(), `signalbox-test-template-${uid}-${fingerprint}`)
  const there = await stat(template).then(
    ({ uid: owner }) => owner === uid,
    () => false,
  )
  if (!there) await makeTemplate(template)
  const copy = await mkdtemp(join(tmpdir(), 'signalbox-test-backend-'))
  await cp(template, copy, { recursive: true })
  return copy
}

/** Aside, then renamed: test files run at the same time, and one of them is first. */
async function makeTemplate(template: string): Promise<void> {
  const unfinished = await mkdtemp(`${template}-`)
  const log = createLog('template', () => undefined)
  const config = configFor(unfinished, {})
  const backend = await startBackend({ config, log, throwaway: true, idle: true })
  await backend.close()
  await rename(unfinished, template).catch(() => rm(unfinished, { recursive: true, force: true }))
}
