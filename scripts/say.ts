/** Progress goes to stderr, so that stdout stays for what a command promises. */
export function say(line: string): void {
  process.stderr.write(`signalbox: ${line}\n`)
}

export function secondsSince(beginMs: number): string {
  return `${((performance.now() - beginMs) / 1_000).toFixed(1)} s`
}

export const wordsOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)
