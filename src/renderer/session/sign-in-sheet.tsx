import { useState } from 'react'
import { useStores } from '../stores.ts'
import { Mark } from '../ui/mark.tsx'
import { useView } from '../ui/use-view.ts'
import { EnvironmentForm } from './environment-form.tsx'
import { SignInForm } from './sign-in-form.tsx'
import './session.css'

/** `email` is known when somebody just signed out and comes back. */
export function SignInSheet({ email }: { readonly email: string | null }) {
  const { signIn } = useStores()
  const view = useView(signIn)
  const [adding, setAdding] = useState(false)
  const none = view.profiles.length === 0
  return (
    <main className="sheet">
      <div className="sign-in">
        <div className="brand">
          <Mark />
          <h1>Signalbox</h1>
        </div>
        {!view.loaded && <p className="quiet">Looking for environments</p>}
        {view.loaded && (adding || none) && (
          <EnvironmentForm first={none} onDone={() => setAdding(false)} />
        )}
        {view.loaded && !adding && !none && (
          <SignInForm email={email} onAdd={() => setAdding(true)} />
        )}
      </div>
    </main>
  )
}
