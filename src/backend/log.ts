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

const hidden = '[redacted]'

/** What a secret looks like, wherever it stands: JWTs, keys, bearer headers, token parameters. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?/g, hidden],
  [/sb_secret_[A-Za-z0-9_-]+/g, hidden],
  [/(\bBearer\s+)[^\s"'\\]+/gi, `$1${hidden}`],
  [/([?&](?:token|access_token|refresh_token|apikey|code)=)[^&\s"'\\#]+/gi, `$1${hidden}`],
  [/(postgres(?:ql)?:\/\/[^:@/\s]+:)[^@\s]+@/gi, `$1${hidden}@`],
  [
    /((?:access_?token|refresh_?token|password|secret|authorization|cookie)\\?["']?\s*[:=]\s*\\?["']?)(?!\[redacted\])[^\s"'\\,}&]+/gi,
    `$1${hidden}`,
  ],
]

/** Removes secrets from text by what they look like, not by which field they came in. */
export function redact(text: string): string {
  return patterns.reduce((clean, [pattern, put]) => clean.replace(pattern, put), text)
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
