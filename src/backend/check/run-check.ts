import { text } from 'node:stream/consumers'
import { parseConfig, type ConfigSources } from '../config.ts'
import { ConfigError } from '../config-error.ts'
import type { Log } from '../log.ts'
import { check } from './check.ts'
import { fail, layOut, type Finding } from './finding.ts'

export interface CheckSources extends ConfigSources {
  readonly stdin: NodeJS.ReadableStream
  readonly log: Log
}

/** `--check`: a table for standard output, and whether everything is right. */
export async function runCheck(
  sources: CheckSources,
): Promise<{ readonly table: string; readonly ok: boolean }> {
  const findings = await examine(sources)
  return { table: layOut(findings), ok: findings.every(({ state }) => state !== 'fail') }
}

async function examine(sources: CheckSources): Promise<readonly Finding[]> {
  try {
    const { config } = parseConfig(sources)
    return await check({ config, token: await readToken(config.check, sources), log: sources.log })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return [fail('configuration', error.message)]
  }
}

async function readToken(
  asked: { readonly tokenFile: string | null } | null,
  { readFile, stdin }: CheckSources,
): Promise<string | null> {
  const path = asked?.tokenFile ?? null
  if (path === null) return null
  if (path === '-') return text(stdin)
  try {
    return readFile(path)
  } catch {
    throw new ConfigError(`--token-file: the file ${path} cannot be read`)
  }
}
