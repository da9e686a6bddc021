import { redact } from '../shared/redact.ts'

/** Fields beside a message: plain values only. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>

export interface Log {
  debug: (message: string, fields?: LogFields) => void
  info: (message: string, fields?: LogFields) => void
  warn: (message: string, fields?: LogFields) => void
  error: (message: string, fields?: LogFields) => void
  /** The same log under a longer name. */
  child: (name: string) => Log
}

const levels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof levels)[number]

/** One JSON line an entry from `least` on, redacted at the sink, whatever the caller passed. */
export function createLog(
  name: string,
  sink: (line: string) => void,
  least: LogLevel = 'info',
): Log {
  const write =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (levels.indexOf(level) < levels.indexOf(least)) return
      const entry = { at: new Date().toISOString(), level, name, message, ...fields }
      sink(redact(JSON.stringify(entry)))
    }
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (suffix) => createLog(`${name}.${suffix}`, sink, least),
  }
}
