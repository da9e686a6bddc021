import { useState } from 'react'
import { useStores } from '../stores.ts'
import { Ask } from '../ui/ask.tsx'
import { ChevronIcon } from '../ui/icons.tsx'
import { failureWords } from './failure-words.ts'
import { FieldError } from './field-error.tsx'
import type { SignInView } from './store.ts'

interface EnvironmentFieldProps {
  readonly view: SignInView
  readonly onAdd: () => void
}

export function EnvironmentField({ view, onAdd }: EnvironmentFieldProps) {
  const { signIn } = useStores()
  const [asking, setAsking] = useState(false)
  const fault = view.failure?.at === 'environment' ? view.failure : null
  const chosen = view.profiles.find(({ id }) => id === view.profileId)
  return (
    <div className="field">
      <div className="field-side">
        <label htmlFor="environment">Environment</label>
        {chosen !== undefined && !chosen.fixed && (
          <button
            type="button"
            className="link"
            disabled={view.pending !== null}
            onClick={() => setAsking(true)}
          >
            Remove…
          </button>
        )}
        <button type="button" className="link" disabled={view.pending !== null} onClick={onAdd}>
          Add environment…
        </button>
      </div>
      <div className="select-box">
        <select
          id="environment"
          className="control"
          value={view.profileId ?? ''}
          disabled={view.pending !== null}
          aria-invalid={fault !== null}
          {...(fault === null ? {} : { 'aria-describedby': 'fault-environment' })}
          onChange={(event) => signIn.chooseProfile(event.target.value)}
        >
          {view.profiles.map((profile) => (
            <option key={profile.id} value={profile.id}>
              {profile.name}
            </option>
          ))}
        </select>
        <ChevronIcon size={12} />
      </div>
      {fault !== null && <FieldError id="fault-environment" {...failureWords(fault)} />}
      {chosen !== undefined && (
        <Ask
          open={asking}
          title={`Remove ${chosen.name}?`}
          text="Its addresses and its key are forgotten on this computer. Nothing changes at the server."
          act="Remove"
          keep="Keep it"
          onAct={() => void signIn.remove(chosen.id)}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  )
}
