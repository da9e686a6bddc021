import { ConfigError } from './config-error.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** `env(NAME)` as the Supabase CLI's file has it. */
export function fromEnvironment(value: string, key: string, env: Environment): string {
  const name = /^env\(([A-Za-z_][A-Za-z0-9_]*)\)$/.exec(value)?.[1]
  if (name === undefined) return value
  const text = env[name]
  if (text === undefined) throw new ConfigError(`${key} takes ${name}, which is not set`)
  return text
}
