/** What one look showed. */
export interface Finding {
  readonly what: string
  /** `skip`: there was nothing to look at. */
  readonly state: 'pass' | 'fail' | 'skip'
  readonly detail: string
  /** What to do about it; empty where nothing is to be done. */
  readonly next: string
}

export const pass = (what: string, detail: string): Finding => ({
  what,
  state: 'pass',
  detail,
  next: '',
})

export const skip = (what: string, detail: string): Finding => ({
  what,
  state: 'skip',
  detail,
  next: '',
})

/** Our sentences say what is wrong, and after the last colon what to do. */
export function fail(what: string, sentence: string): Finding {
  const [, detail = sentence, next = ''] = /^(.*): ([a-z].*)$/s.exec(sentence) ?? []
  return { what, state: 'fail', detail, next }
}

const width = 14

/** As lines for a person; a script reads the exit code. */
export function layOut(findings: readonly Finding[]): string {
  const line = (word: string, what: string, text: string): string =>
    `${word.padEnd(6)}${what.padEnd(width)}${text}`
  const lines = findings.flatMap(({ what, state, detail, next }) => [
    line(state === 'fail' ? 'FAIL' : state, what, detail),
    ...(next === '' ? [] : [line('', '→ next', next)]),
  ])
  const count = (state: Finding['state']): number =>
    findings.filter((finding) => finding.state === state).length
  const sum = `${count('pass')} passed, ${count('fail')} failed, ${count('skip')} skipped`
  return [...lines, sum].join('\n')
}
