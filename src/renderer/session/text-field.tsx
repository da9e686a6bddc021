import { FieldError } from './field-error.tsx'

interface TextFieldProps {
  readonly id: string
  readonly label: string
  readonly hint: string
  readonly value: string
  readonly error: string | undefined
  /** Names in a database. */
  readonly mono?: boolean
  readonly maxLength: number
  readonly onChange: (value: string) => void
}

/** One line of text with its label, and the message under it when it is at fault. */
export function TextField(props: TextFieldProps) {
  const { id, label, hint, value, error, mono = false, maxLength, onChange } = props
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className={mono ? 'control mono' : 'control'}
        type="text"
        autoComplete="off"
        spellCheck={false}
        placeholder={hint}
        maxLength={maxLength}
        value={value}
        aria-invalid={error !== undefined}
        {...(error === undefined ? {} : { 'aria-describedby': `fault-${id}` })}
        onChange={(event) => onChange(event.target.value)}
      />
      {error !== undefined && <FieldError id={`fault-${id}`} text={error} />}
    </div>
  )
}
