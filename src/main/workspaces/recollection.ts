// What one workspace remembers of an earlier start, and what it leaves for the next: brings the
// offline snapshot to the desk and the desk to the snapshot. It must never know a window or a wire.
import type { FailureCode } from '../../shared/failure.ts'
import type { Profile } from '../../shared/profile.ts'
import type { JobDesk } from '../jobs/job-desk.ts'
import type { Log } from '../lib/log.ts'
import { within } from '../lib/within.ts'
import type { Clock, Files, Keychain } from '../ports.ts'
import { SnapshotFile } from '../offline/snapshot-file.ts'
import type { CacheErasure } from '../offline/snapshot-file.ts'
import { SnapshotKeeper } from '../offline/snapshot-keeper.ts'
import type { Owner, Snapshot } from '../offline/snapshot.ts'
import { serverOf } from '../session/create-operator-session.ts'
import type { Operator, OperatorSession } from '../session/operator-session.ts'
import type { Positions } from './positions.ts'
import type { Watch } from './watch.ts'

export interface RecollectionParts {
  readonly clock: Clock
  readonly files: Files
  readonly keychain: Keychain
  readonly log: Log
  /** Aborts when the workspace falls silent. */
  readonly signal: AbortSignal
  readonly profile: Profile
  readonly session: OperatorSession
  readonly desk: JobDesk
  readonly watch: Watch
  readonly positions: Positions
  readonly onChanged: () => void
}

/** Sources wait this long for the rows of an earlier start, in milliseconds (T13). */
const limitMs = 1_500

export class Recollection {
  readonly #parts: RecollectionParts
  readonly #file: SnapshotFile
  readonly #keeper: SnapshotKeeper
  #isLate = false

  constructor(parts: RecollectionParts) {
    const { clock, files, keychain, log, signal, profile, desk } = parts
    this.#parts = parts
    this.#file = new SnapshotFile({ files, keychain, log, profileId: profile.id })
    this.#keeper = new SnapshotKeeper({
      file: this.#file,
      clock,
      log,
      signal,
      take: () => this.#take(),
      revision: () => desk.revision,
      onNoted: parts.onChanged,
    })
  }

  get notes(): readonly FailureCode[] {
    return this.#keeper.notes
  }

  /** What lies on disk and in the keychain, as far as it was seen. */
  get held(): SnapshotFile['held'] {
    return this.#file.held
  }

  /**
   * Shows what was kept, for the operator that the session names. Settles after 1.5 s whatever hangs;
   * what comes later is shown if nothing was heard by then.
   */
  async recall(): Promise<void> {
    const { session, clock } = this.#parts
    const { operator } = session
    if (operator === null) return
    this.#isLate = (await within(clock, limitMs, this.#recall(operator))) === 'late'
  }

  /** Nobody is signed in here: what an earlier session could not erase goes now. */
  bury(): void {
    void this.#file.bury()
  }

  beat(): void {
    this.#keeper.beat()
  }

  save(): void {
    this.#keeper.save()
  }

  close(): Promise<void> {
    return this.#keeper.close()
  }

  erase(): Promise<CacheErasure> {
    return this.#keeper.erase()
  }

  async #recall(operator: Operator): Promise<void> {
    const { signal, profile, desk, watch, positions, clock, onChanged } = this.#parts
    const tenantIds = operator.tenants.map(({ id }) => id)
    const kept = await this.#keeper.load(this.#ownerOf(operator), tenantIds)
    if (kept === null || signal.aborted || watch.hasHeard) return
    // The sources have dialled already: they begin from nothing.
    if (!this.#isLate) positions.restore(kept.positions)
    desk.recall(kept.jobs, (source) => profile.sources.some((kind) => kind === source))
    const heardAtMs = Math.min(kept.heardAtMs, clock.now())
    watch.remember(heardAtMs)
    this.#keeper.settle(heardAtMs)
    onChanged()
  }

  #take(): Snapshot | null {
    const { session, watch, desk, positions } = this.#parts
    const { operator } = session
    const heardAtMs = watch.asOfMs
    // Where the session cannot be kept, nothing of it is.
    if (operator === null || heardAtMs === null || session.keeping !== 'keychain') return null
    return {
      owner: this.#ownerOf(operator),
      tenantIds: operator.tenants.map(({ id }) => id),
      heardAtMs,
      positions: positions.all,
      jobs: desk.keep(),
    }
  }

  #ownerOf({ userId }: Operator): Owner {
    const { id, supabaseUrl, gatewayUrl } = this.#parts.profile
    return { profileId: id, server: `${serverOf(supabaseUrl)} ${serverOf(gatewayUrl)}`, userId }
  }
}
