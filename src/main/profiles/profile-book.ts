// The environments that an operator can sign in to: fixed ones from the command line, and saved ones
// in profiles.json. It holds no secret but the demo passwords of fixed profiles, which never leave
// main; it knows no session.
import { failed, succeeded } from '../../shared/failure.ts'
import type { Failure, Outcome } from '../../shared/failure.ts'
import type { ProfileView } from '../../shared/ipc/contract.ts'
import type { Profile } from '../../shared/profile.ts'
import { Emitter } from '../lib/emitter.ts'
import type { Off } from '../lib/emitter.ts'
import type { Log } from '../lib/log.ts'
import { SerialQueue } from '../lib/serial-queue.ts'
import type { Files } from '../ports.ts'
import { parseEntries, parseProfile } from './profile-file.ts'

const fileName = 'profiles.json'
/** A folder full of broken copies means that something else is wrong. */
const mostCopies = 1_000

export interface ProfileBookParts {
  readonly files: Files
  /** From `--profile-file`: shown, but not edited or removed. */
  readonly fixed: readonly Profile[]
  readonly log: Log
}

export class ProfileBook {
  readonly #files: Files
  readonly #log: Log
  readonly #fixed: ReadonlyMap<string, Profile>
  readonly #changed = new Emitter<undefined>()
  readonly #queue = new SerialQueue()
  readonly #problems: Failure[] = []
  #saved = new Map<string, Profile>()
  /** A broken file that could not be set aside yet: nothing is saved over it. */
  #broken: string | null = null
  /** What cannot be read may still be there: it is not written over either. */
  #unreadable = false

  constructor({ files, fixed, log }: ProfileBookParts) {
    this.#files = files
    this.#log = log
    this.#fixed = new Map(fixed.map((profile) => [profile.id, profile]))
  }

  /** Fixed ones first; a saved one with the id of a fixed one stays in its file, unseen. */
  get all(): readonly Profile[] {
    return [...this.#fixed.values(), ...this.#visible]
  }

  get views(): readonly ProfileView[] {
    return this.all.map((profile) => this.#viewOf(profile))
  }

  /** What was wrong with the saved profiles at the start, one sentence each. */
  get problems(): readonly Failure[] {
    return this.#problems
  }

  find(profileId: string): Profile | null {
    return this.#fixed.get(profileId) ?? this.#saved.get(profileId) ?? null
  }

  onChanged(listener: () => void): Off {
    return this.#changed.on(listener)
  }

  /** Reads profiles.json. Never fails: what is broken is set aside, named, and the rest is used. */
  load(): Promise<void> {
    return this.#queue.run(async () => {
      const text = await this.#read()
      if (text === null) return
      const broken = this.#take(text)
      if (broken && (await this.#setAside(text)) === null) this.#broken = text
    })
  }

  /** Adds a profile, or replaces the saved one with its id. */
  save(profile: Profile): Promise<Outcome<ProfileView>> {
    return this.#queue.run(async () => {
      if (this.#fixed.has(profile.id)) return fixedFailure
      if (profile.demoUsers.length > 0) {
        const message = 'demoUsers: passwords are not saved. Leave them out, or use --profile-file.'
        return failed('profile_invalid', message, { field: 'demoUsers' })
      }
      const written = await this.#write(new Map([...this.#saved, [profile.id, profile]]))
      return written.ok ? succeeded(this.#viewOf(profile)) : written
    })
  }

  remove(profileId: string): Promise<Outcome<undefined>> {
    return this.#queue.run(async () => {
      if (this.#fixed.has(profileId)) return fixedFailure
      if (!this.#saved.has(profileId)) return failed('profile_unknown', 'no such profile')
      return this.#write(new Map([...this.#saved].filter(([id]) => id !== profileId)))
    })
  }

  get #visible(): Profile[] {
    return [...this.#saved.values()].filter(({ id }) => !this.#fixed.has(id))
  }

  #viewOf({ id, name, mark, supabaseUrl, gatewayUrl, demoUsers }: Profile): ProfileView {
    return {
      id,
      name,
      mark,
      supabaseUrl,
      gatewayUrl,
      fixed: this.#fixed.has(id),
      demoUsers: demoUsers.map(({ email, label }) => ({ email, label })),
    }
  }

  /** Answers whether anything in the text was left out. */
  #take(text: string): boolean {
    const entries = parseEntries(text, fileName)
    if (!entries.ok) {
      this.#note(entries.failure)
      return true
    }
    let broken = false
    for (const [index, entry] of entries.value.entries()) {
      const parsed = parseProfile(entry)
      if (parsed.ok) this.#admit(parsed.value)
      else {
        broken = true
        const message = `${fileName}: profile ${index + 1}, ${parsed.failure.message} It was set aside.`
        this.#note({ ...parsed.failure, message })
      }
    }
    return broken
  }

  #admit(profile: Profile): void {
    if (this.#fixed.has(profile.id)) {
      const message = `the saved profile "${profile.id}" gives way to the one on the command line.`
      this.#note(failed('profile_invalid', message, { field: 'id' }).failure)
    }
    this.#saved.set(profile.id, profile)
  }

  async #write(profiles: Map<string, Profile>): Promise<Outcome<undefined>> {
    if (this.#unreadable) return unwritable
    if (this.#broken !== null && (await this.#setAside(this.#broken)) === null) return unwritable
    this.#broken = null
    try {
      await this.#files.write(fileName, `${JSON.stringify([...profiles.values()], null, 2)}\n`)
    } catch (error) {
      this.#log.error('profiles.json could not be written', { error: nameOf(error) })
      return unwritable
    }
    this.#saved = profiles
    this.#changed.emit(undefined)
    return succeeded(undefined)
  }

  async #read(): Promise<string | null> {
    try {
      return await this.#files.read(fileName)
    } catch (error) {
      const message = `${fileName} cannot be read. Check its permissions and start again.`
      this.#unreadable = true
      this.#note(failed('profile_invalid', message).failure)
      this.#log.error('profiles.json could not be read', { error: nameOf(error) })
      return null
    }
  }

  /** Keeps a copy under the first free name, which it answers; null when there is no room. */
  async #setAside(text: string): Promise<string | null> {
    try {
      for (let copy = 1; copy <= mostCopies; copy += 1) {
        const name = `${fileName}.bad-${copy}`
        const there = await this.#files.read(name)
        if (there === text) return name
        if (there !== null) continue
        await this.#files.write(name, text)
        this.#note(failed('profile_invalid', `the file as it was is kept as ${name}.`).failure)
        return name
      }
    } catch (error) {
      this.#log.error('a broken profiles.json could not be set aside', { error: nameOf(error) })
    }
    return null
  }

  #note(problem: Failure): void {
    this.#problems.push(problem)
    this.#log.warn(problem.message, { code: problem.code })
  }
}

const fixedFailure = failed(
  'profile_invalid',
  'id: this profile comes from the command line. Change it in its file, or choose another id.',
  { field: 'id' },
)
const unwritable = failed('internal', 'profiles.json could not be written')
const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error)
