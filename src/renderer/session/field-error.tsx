import { AlertIcon } from '../ui/icons.tsx'

interface FieldErrorProps {
  readonly id: string
  readonly title?: string
  readonly text: string
}

/** The message under the field at fault; said at once by a screen reader. */
export function FieldError({ id, title, text }: FieldErrorProps) {
  return (
    <p className="field-error" id={id} role="alert">
      <AlertIcon size={12} />
      <span>
        {title !== undefined && <strong>{title}. </strong>}
        {text}
      </span>
    </p>
  )
}
