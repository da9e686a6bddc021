import type { Clock, LogLevel, LogSink } from '../ports.ts'
import { redact } from '../../shared/redact.ts'

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

/** One JSON line an entry, redacted by value pattern at the sink, whatever the caller passed. */
export function createLog(name: string, clock: Clock, sink: LogSink): Log {
  const write =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      const own = { at: new Date(clock.now()).toISOString(), level, name, message }
      // Twice: once for the order of the keys, once because a field must not replace our own.
      sink(redact(JSON.stringify({ ...own, ...fields, ...own })))
    }
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (suffix) => createLog(`${name}.${suffix}`, clock, sink),
  }
}
