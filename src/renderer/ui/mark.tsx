/** The mark of Signalbox: a signal with two lamps, the lower one showing clear. */
export function Mark({ size = 26 }: { readonly size?: number }) {
  return (
    <svg
      className="mark"
      width={size}
      height={size}
      viewBox="0 0 26 26"
      aria-hidden="true"
      focusable="false"
    >
      <rect className="mark-box" x="0.5" y="0.5" width="25" height="25" rx="6" />
      <circle className="mark-stop" cx="13" cy="7.6" r="3" />
      <circle className="mark-clear" cx="13" cy="17" r="3.6" />
    </svg>
  )
}
