import { useState } from 'react'
import type { SyntheticEvent } from 'react'
import { useStores } from '../stores.ts'
import { ChevronIcon } from '../ui/icons.tsx'
import { useView } from '../ui/use-view.ts'
import { failureWords } from './failure-words.ts'
import { FieldError } from './field-error.tsx'
import { emptyDraft } from './profile-draft.ts'
import type { DraftErrors, ProfileMark, TextDraftField } from './profile-draft.ts'
import { readsTable } from './source-choices.ts'
import { SourcesField } from './sources-field.tsx'
import { TableField } from './table-field.tsx'
import { TextField } from './text-field.tsx'

interface EnvironmentFormProps {
  /** True when there is no environment to go back to. */
  readonly first: boolean
  readonly onDone: () => void
}

const marks = [
  ['production', 'Production'],
  ['staging', 'Staging'],
  ['development', 'Development'],
] as const satisfies readonly (readonly [ProfileMark, string])[]

export function EnvironmentForm({ first, onDone }: EnvironmentFormProps) {
  const { signIn } = useStores()
  const view = useView(signIn)
  const [draft, setDraft] = useState(emptyDraft)
  const leave = (): void => {
    signIn.clearDraft()
    onDone()
  }
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    void signIn.save(draft).then((saved) => {
      if (saved) leave()
      else document.querySelector<HTMLElement>('.form [aria-invalid="true"]')?.focus()
    })
  }
  const text = (field: TextDraftField, label: string, hint: string) => (
    <TextField
      id={`profile-${field}`}
      label={label}
      hint={hint}
      value={draft[field]}
      error={view.draftErrors[field]}
      maxLength={field === 'name' ? 80 : 4_096}
      onChange={(value) => setDraft({ ...draft, [field]: value })}
    />
  )
  return (
    <form className="form" onSubmit={submit} noValidate aria-label="Add environment">
      <h2 className="dialog-title">{first ? 'Add an environment to begin' : 'Add environment'}</h2>
      {text('name', 'Name', 'Shown in the rail and above the jobs')}
      {text('supabaseUrl', 'Supabase address', 'https://<project>.supabase.co')}
      {text('publishableKey', 'Publishable key', 'sb_publishable_… or the anon key')}
      {text('gatewayUrl', 'Gateway address', 'The server that reports the jobs')}
      <div className="field">
        <label htmlFor="profile-mark">Mark</label>
        <div className="select-box">
          <select
            id="profile-mark"
            className="control"
            value={draft.mark}
            onChange={(event) => {
              const mark = marks.find(([value]) => value === event.target.value)
              if (mark !== undefined) setDraft({ ...draft, mark: mark[0] })
            }}
          >
            {marks.map(([value, word]) => (
              <option key={value} value={value}>
                {word}
              </option>
            ))}
          </select>
          <ChevronIcon size={12} />
        </div>
      </div>
      <SourcesField
        sources={draft.sources}
        error={view.draftErrors.sources}
        onChange={(sources) => setDraft({ ...draft, sources })}
      />
      {readsTable(draft.sources) && (
        <TableField
          table={draft.jobTable}
          errors={tablePart(view.draftErrors)}
          onChange={(jobTable) => setDraft({ ...draft, jobTable })}
        />
      )}
      <div className="form-acts">
        {view.saveFailure !== null && (
          <FieldError id="fault-save" {...failureWords(view.saveFailure)} />
        )}
        <button type="submit" className="button" data-kind="primary" disabled={view.saving}>
          {view.saving ? 'Saving' : 'Save environment'}
        </button>
        {!first && (
          <button type="button" className="button" onClick={leave}>
            Cancel
          </button>
        )}
      </div>
    </form>
  )
}

/** The errors of the table's own fields. */
const tablePart = (errors: DraftErrors): DraftErrors =>
  Object.fromEntries(Object.entries(errors).filter(([field]) => /^(table|column)\./.test(field)))
