const hidden = '[redacted]'

/** `.` and its percent-encoded form: a JWT inside an encoded URL is still a JWT. */
const dot = String.raw`(?:\.|%2E)`
/** `=`, also percent-encoded. */
const equals = '(?:=|%3D)'
/** Where a query parameter begins, also inside an encoded URL or a fragment. */
const before = '(?:[?&#;]|%3F|%26|%23)'

/** Fields whose value is a secret whatever it looks like: a v1 refresh token is 12 plain letters. */
const secretField = String.raw`(?:access_?token|refresh_?token|provider_(?:refresh_)?token|id_token|(?<![A-Za-z_])token|password|passwd|secret|authorization|cookie|code_?verifier|sb_(?:session|refresh))`

/** What a secret looks like, wherever it stands. Longest contexts first: a header before its parts. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [
    new RegExp(String.raw`eyJ[\w-]{5,1024}${dot}[\w-]+(?:${dot}[\w-]*)?(?:${dot}[\w-]*)*`, 'gi'),
    hidden,
  ],
  [/sb_secret_[\w-]+/gi, hidden],
  [/(postgres(?:ql)?:\/\/[^:@/\s]+:)[^@\s]+@/gi, `$1${hidden}@`],
  [/(\b(?:set-)?cookie["']?\s*:\s*)(?!["'\s\\[])[^\r\n"'\\]+/gi, `$1${hidden}`],
  [/(\bBearer(?:\s+|%20|\+))[^\s"'\\,}\]]+/gi, `$1${hidden}`],
  [
    new RegExp(
      String.raw`(${before}(?:token|access_token|refresh_token|apikey|code)${equals})(?:(?!%26|%23)[^&\s"'\\#])+`,
      'gi',
    ),
    `$1${hidden}`,
  ],
  // A quoted value, at any depth of quoting: it ends where its own opening quote comes again.
  [
    new RegExp(
      String.raw`(${secretField}(?:\\*["'])?\s*[:=]\s*)(\\*["'\`])(?!\[redacted\])(?:(?!(?<!\\)\2)[^\r\n])+(?<!\\)\2`,
      'gi',
    ),
    `$1$2${hidden}$2`,
  ],
  // A bare one: up to the next separator.
  [
    new RegExp(
      String.raw`(${secretField}(?:\\*["'])?\s*(?:[:=]|%3D)\s*)(?!\[redacted\]|Bearer\b|null\b|true\b|false\b)[^\s"'\\\`,;}&\]]+`,
      'gi',
    ),
    `$1${hidden}`,
  ],
]

/** Removes secrets from text by what they look like, not by which field they came in. */
export function redact(text: string): string {
  return patterns.reduce((clean, [pattern, put]) => clean.replace(pattern, put), text)
}
