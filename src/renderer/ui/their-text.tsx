interface TheirTextProps {
  readonly text: string
  readonly className?: string
}

/** Characters that turn writing around, end an isolation of ours, or take no room at all. */
const hidden = /[\u202A-\u202E\u2066-\u2069\u200B\u2060\uFEFF]/g

/**
 * Text that a server chose, beside text of ours: shown as it is, by itself, and with nothing in it
 * that would not be seen (F63).
 */
export function TheirText({ text, className }: TheirTextProps) {
  return <bdi className={className}>{text.replaceAll(hidden, '\uFFFD')}</bdi>
}
