/**
 * Signing in: environments, the attempt under way, what went wrong. It passes the password on and
 * never keeps it.
 */
import type { Failure, FailureCode, Outcome } from '../../shared/failure.ts'
import type { ProfileView } from '../../shared/ipc/contract.ts'
import type { Client } from '../ipc/client.ts'
import { Listeners } from '../ui/listeners.ts'
import { draftErrors, fieldNamed, profileFrom, refusalWords } from './profile-draft.ts'
import type { DraftErrors, ProfileDraft } from './profile-draft.ts'

/** Where on the form a message belongs. */
export type SignInField = 'environment' | 'email' | 'password' | 'form'

export interface SignInView {
  readonly loaded: boolean
  readonly profiles: readonly ProfileView[]
  readonly profileId: string | null
  /** The e-mail that is being signed in; null when nothing is under way. */
  readonly pending: string | null
  readonly failure: (Failure & { readonly at: SignInField }) | null
  readonly saving: boolean
  readonly draftErrors: DraftErrors
  /** A failure of saving that belongs to no field. */
  readonly saveFailure: Failure | null
}

const atEnvironment: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'key_wrong',
  'unreachable',
  'name_not_found',
  'tls_untrusted',
  'clock_wrong',
  'captive_portal',
  'server_error',
  'protocol_error',
  'profile_invalid',
  'profile_unknown',
  'token_signature',
  'token_wrong_kind',
  'token_malformed',
])
const atEmail: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'email_not_confirmed',
  'user_banned',
  'tenant_missing',
  'forbidden',
])

/** The field at fault: the one that main names, else the one that the code points to. */
export function fieldOf({ code, field }: Pick<Failure, 'code' | 'field'>): SignInField {
  if (field === 'email' || field === 'password') return field
  if (code === 'credentials_wrong') return 'password'
  if (atEmail.has(code)) return 'email'
  return atEnvironment.has(code) ? 'environment' : 'form'
}

export class SignInStore {
  readonly #client: Client
  readonly #onSignedIn: (workspaceId: string) => void
  readonly #listeners = new Listeners()
  #attempt = 0
  #heard = false
  #view: SignInView = {
    loaded: false,
    profiles: [],
    profileId: null,
    pending: null,
    failure: null,
    saving: false,
    draftErrors: {},
    saveFailure: null,
  }

  constructor(client: Client, onSignedIn: (workspaceId: string) => void) {
    this.#client = client
    this.#onSignedIn = onSignedIn
  }

  readonly view = (): SignInView => this.#view
  readonly subscribe = this.#listeners.subscribe

  async start(): Promise<void> {
    this.#client.on('profiles:changed', (profiles) => {
      this.#heard = true
      this.#takeProfiles(profiles)
    })
    const outcome = await this.#client.call('profiles:list')
    if (this.#heard) return
    if (outcome.ok) this.#takeProfiles(outcome.value)
    else this.#change({ loaded: true, failure: { ...outcome.failure, at: 'environment' } })
  }

  chooseProfile(profileId: string): void {
    this.#change({ profileId, failure: null })
  }

  signIn(email: string, password: string): Promise<void> {
    return this.#try(email, (profileId) =>
      this.#client.call('session:sign-in', { profileId, email, password }),
    )
  }

  signInDemo(email: string): Promise<void> {
    return this.#try(email, (profileId) =>
      this.#client.call('session:sign-in-demo', { profileId, email }),
    )
  }

  /** Gives up; whatever the attempt still answers is of no interest. */
  cancel(): void {
    const { profileId, pending } = this.#view
    if (pending === null || profileId === null) return
    this.#attempt += 1
    this.#change({ pending: null })
    void this.#client.call('session:cancel', { profileId })
  }

  clearFailure(): void {
    if (this.#view.failure !== null) this.#change({ failure: null })
  }

  clearDraft(): void {
    this.#change({ draftErrors: {}, saveFailure: null, saving: false })
  }

  /** True when the environment was saved; it is chosen then. */
  async save(draft: ProfileDraft): Promise<boolean> {
    const errors = draftErrors(draft)
    this.#change({ draftErrors: errors, saveFailure: null })
    if (Object.keys(errors).length > 0) return false
    this.#change({ saving: true })
    const taken = this.#view.profiles.map((profile) => profile.id)
    const profile = profileFrom(draft, taken)
    const outcome = await this.#client.call('profiles:save', { profile })
    if (outcome.ok) {
      const others = this.#view.profiles.filter(({ id }) => id !== outcome.value.id)
      const profiles = [...others, outcome.value]
      this.#change({ saving: false, profiles, profileId: outcome.value.id, failure: null })
      return true
    }
    const field = fieldNamed(outcome.failure.field)
    this.#change({
      saving: false,
      draftErrors: field === null ? {} : { [field]: refusalWords(draft, outcome.failure) },
      saveFailure: field === null ? outcome.failure : null,
    })
    return false
  }

  async remove(profileId: string): Promise<void> {
    const outcome = await this.#client.call('profiles:remove', { profileId })
    if (!outcome.ok) {
      this.#change({ failure: { ...outcome.failure, at: 'environment' } })
      return
    }
    this.#takeProfiles(this.#view.profiles.filter((profile) => profile.id !== profileId))
  }

  async #try(
    email: string,
    ask: (profileId: string) => Promise<Outcome<{ workspaceId: string }>>,
  ): Promise<void> {
    const { profileId } = this.#view
    if (profileId === null || this.#view.pending !== null) return
    const attempt = (this.#attempt += 1)
    this.#change({ pending: email, failure: null })
    const outcome = await ask(profileId)
    if (attempt !== this.#attempt) return
    if (outcome.ok) {
      this.#change({ pending: null })
      this.#onSignedIn(outcome.value.workspaceId)
      return
    }
    const { failure } = outcome
    // Cancelling is what the operator asked for, and no news.
    const shown = failure.code === 'cancelled' ? null : { ...failure, at: fieldOf(failure) }
    this.#change({ pending: null, failure: shown })
  }

  #takeProfiles(profiles: readonly ProfileView[]): void {
    const kept = profiles.some((profile) => profile.id === this.#view.profileId)
    const profileId = kept ? this.#view.profileId : (profiles[0]?.id ?? null)
    this.#change({ loaded: true, profiles, profileId })
  }

  #change(changed: Partial<SignInView>): void {
    this.#view = { ...this.#view, ...changed }
    this.#listeners.notify()
  }
}
