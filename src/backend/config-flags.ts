import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Load } from './config.ts'
import type { Environment } from './config-environment.ts'
import { ConfigError } from './config-error.ts'

export interface Flags {
  /** Null leaves it to the file. */
  readonly port: number | null
  readonly databasePort: number | null
  readonly configPath: string | null
  readonly dataDir: string
  readonly reset: boolean
  readonly followParent: boolean
  readonly load: Load | null
  readonly check: CheckFlags | null
}

/** Looking instead of running. */
export interface CheckFlags {
  /** Holds a session token to judge; `-` is standard input. Never on the line itself. */
  readonly tokenFile: string | null
}

/** @throws ConfigError, naming the flag */
export function parseFlags(args: readonly string[], env: Environment): Flags {
  const values = readFlags(args)
  return {
    port: values.port === undefined ? null : toPort('--port', values.port),
    databasePort: values['db-port'] === undefined ? null : toPort('--db-port', values['db-port']),
    configPath: values.config ?? null,
    dataDir: values.data === undefined ? defaultDataDir(env) : toPath(values.data),
    reset: values.reset ?? false,
    followParent: values['follow-parent'] ?? false,
    load: values.load === undefined ? null : toLoad(values.load),
    check: toCheck(values.check ?? false, values['token-file']),
  }
}

function readFlags(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        port: { type: 'string' },
        'db-port': { type: 'string' },
        config: { type: 'string' },
        data: { type: 'string' },
        reset: { type: 'boolean' },
        load: { type: 'string' },
        check: { type: 'boolean' },
        'token-file': { type: 'string' },
        'follow-parent': { type: 'boolean' },
      },
    })
    return values
  } catch (error) {
    throw new ConfigError(error instanceof Error ? (error.message.split('. ')[0] ?? '') : '')
  }
}

function toCheck(wanted: boolean, tokenFile: string | undefined): CheckFlags | null {
  if (!wanted && tokenFile !== undefined) throw new ConfigError('--token-file belongs to --check')
  return wanted ? { tokenFile: tokenFile ?? null } : null
}

function toPort(flag: string, text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535) {
    throw new ConfigError(`${flag} is not a port: 0 to 65535, where 0 is any free one`)
  }
  return port
}

function toPath(text: string): string {
  if (text === '') throw new ConfigError('--data is empty: name a folder')
  return resolve(text)
}

function toLoad(text: string): Load {
  const found = /^jobs=(\d{1,6}),rate=(\d{1,7})$/.exec(text)
  const [jobs, rate] = [Number(found?.[1]), Number(found?.[2])]
  if (found === null || jobs === 0 || rate === 0) {
    throw new ConfigError('--load is not of the form jobs=N,rate=M with whole numbers above 0')
  }
  return { jobs, rate }
}

/** Where programs keep a user's data on this platform. */
function defaultDataDir(env: Environment): string {
  const home = env.HOME ?? homedir()
  if (process.platform === 'darwin') {
    return join(home, 'Library', 'Application Support', 'signalbox', 'backend')
  }
  if (process.platform === 'win32') {
    return join(env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'signalbox', 'backend')
  }
  return join(env.XDG_DATA_HOME ?? join(home, '.local', 'share'), 'signalbox', 'backend')
}
