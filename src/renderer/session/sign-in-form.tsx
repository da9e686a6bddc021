import { useRef } from 'react'
import type { SyntheticEvent } from 'react'
import { useStores } from '../stores.ts'
import { useView } from '../ui/use-view.ts'
import { DemoUsers } from './demo-users.tsx'
import { EnvironmentField } from './environment-field.tsx'
import { failureWords } from './failure-words.ts'
import { FieldError } from './field-error.tsx'
import type { SignInField, SignInView } from './store.ts'

interface SignInFormProps {
  readonly email: string | null
  readonly onAdd: () => void
}

/** The password lives in its input until it is sent, and nowhere after that. */
export function SignInForm({ email, onAdd }: SignInFormProps) {
  const { signIn, workspaces } = useStores()
  const view = useView(signIn)
  const { workspaces: open } = useView(workspaces)
  const emailInput = useRef<HTMLInputElement>(null)
  const passwordInput = useRef<HTMLInputElement>(null)
  const chosen = view.profiles.find(({ id }) => id === view.profileId)

  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    const typed = passwordInput.current
    if (typed === null || emailInput.current === null) return
    const sent = signIn.signIn(emailInput.current.value.trim(), typed.value)
    typed.value = ''
    void sent.then(() => {
      if (signIn.view().failure?.at === 'password') passwordInput.current?.focus()
    })
  }

  const pending = view.pending !== null
  return (
    <>
      <form className="form" onSubmit={submit} aria-label="Sign in" aria-busy={pending}>
        <EnvironmentField view={view} onAdd={onAdd} />
        <div className="field">
          <label htmlFor="email">E-mail</label>
          <input
            {...described(view, 'email')}
            ref={emailInput}
            id="email"
            className="control"
            type="email"
            autoComplete="username"
            spellCheck={false}
            required
            disabled={pending}
            defaultValue={email ?? ''}
          />
          <Fault view={view} at="email" />
        </div>
        <div className="field">
          <label htmlFor="password">Password</label>
          <input
            {...described(view, 'password')}
            ref={passwordInput}
            id="password"
            className="control"
            type="password"
            autoComplete="current-password"
            required
            maxLength={1_024}
            disabled={pending}
            onInput={() => signIn.clearFailure()}
          />
          <Fault view={view} at="password" />
        </div>
        <div className="form-acts">
          <Fault view={view} at="form" />
          <button type="submit" className="button" data-kind="primary" disabled={pending}>
            {pending ? 'Signing in' : 'Sign in'}
          </button>
          {pending && (
            <button type="button" className="button" onClick={() => signIn.cancel()}>
              Cancel
            </button>
          )}
          {!pending && open[0] !== undefined && (
            <BackButton name={open[0].profileName} id={open[0].id} />
          )}
        </div>
      </form>
      <p className="keeping">
        The session is kept in this computer&rsquo;s keychain. This window never holds it.
      </p>
      {chosen !== undefined && chosen.demoUsers.length > 0 && (
        <DemoUsers users={chosen.demoUsers} pending={view.pending} />
      )}
    </>
  )
}

/** Ties an input to the message under it. */
const described = (view: SignInView, at: SignInField) =>
  view.failure?.at === at ? { 'aria-invalid': true, 'aria-describedby': `fault-${at}` } : {}

function Fault({ view, at }: { readonly view: SignInView; readonly at: SignInField }) {
  if (view.failure?.at !== at) return null
  return <FieldError id={`fault-${at}`} {...failureWords(view.failure)} />
}

function BackButton({ name, id }: { readonly name: string; readonly id: string }) {
  const { workspaces } = useStores()
  return (
    <button type="button" className="button" onClick={() => workspaces.choose(id)}>
      Back to {name}
    </button>
  )
}
