const hidden = '[redacted]'

/** What a secret looks like, wherever it stands: JWTs, keys, bearer headers, token parameters. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?/g, hidden],
  [/sb_secret_[A-Za-z0-9_-]+/g, hidden],
  [/(\bBearer\s+)[^\s"'\\]+/gi, `$1${hidden}`],
  [/([?&](?:token|access_token|refresh_token|apikey|code)=)[^&\s"'\\#]+/gi, `$1${hidden}`],
  [
    /((?:access_?token|refresh_?token|provider_token|password|secret|authorization|cookie)\\?["']?\s*[:=]\s*\\?["']?)(?!\[redacted\])[^\s"'\\,}&]+/gi,
    `$1${hidden}`,
  ],
]

/** Removes secrets from text by what they look like, not by which field they came in. */
export function redact(text: string): string {
  return patterns.reduce((clean, [pattern, put]) => clean.replace(pattern, put), text)
}
