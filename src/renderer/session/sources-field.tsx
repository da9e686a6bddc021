import type { SourceKind } from '../../shared/profile.ts'
import { FieldError } from './field-error.tsx'
import { sourceChoices } from './source-choices.ts'

interface SourcesFieldProps {
  readonly sources: readonly SourceKind[]
  readonly error: string | undefined
  readonly onChange: (sources: readonly SourceKind[]) => void
}

/** How job events arrive: one or several ways, each with a line about it. */
export function SourcesField({ sources, error, onChange }: SourcesFieldProps) {
  const toggle = (kind: SourceKind, on: boolean): void => {
    const wanted = new Set(on ? [...sources, kind] : sources.filter((each) => each !== kind))
    onChange(sourceChoices.map((choice) => choice.kind).filter((each) => wanted.has(each)))
  }
  return (
    <fieldset
      className="choices"
      {...(error === undefined ? {} : { 'aria-describedby': 'fault-sources' })}
    >
      <legend>Sources</legend>
      {sourceChoices.map(({ kind, name, text }, index) => (
        <label className="choice" key={kind}>
          <input
            type="checkbox"
            checked={sources.includes(kind)}
            aria-invalid={error !== undefined && index === 0}
            aria-labelledby={`name-${kind}`}
            aria-describedby={`about-${kind}`}
            onChange={(event) => toggle(kind, event.target.checked)}
          />
          <span id={`name-${kind}`}>{name}</span>
          <span className="choice-about" id={`about-${kind}`}>
            {text}
          </span>
        </label>
      ))}
      {error !== undefined && <FieldError id="fault-sources" text={error} />}
    </fieldset>
  )
}
