import type { ProfileView } from '../../shared/ipc/contract.ts'
import { useStores } from '../stores.ts'

interface DemoUsersProps {
  readonly users: ProfileView['demoUsers']
  /** The e-mail that is being signed in. */
  readonly pending: string | null
}

/** One click signs in; main holds the passwords. */
export function DemoUsers({ users, pending }: DemoUsersProps) {
  const { signIn } = useStores()
  return (
    <section className="demo" aria-label="Demo users">
      <p>No backend at hand? Use the demo on this computer.</p>
      <ul>
        {users.map(({ email, label }) => (
          <li key={email}>
            <button
              type="button"
              className="demo-user"
              disabled={pending !== null}
              onClick={() => void signIn.signInDemo(email)}
            >
              <span>{email}</span>
              <span>{pending === email ? 'Signing in' : label}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
