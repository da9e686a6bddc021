import type { Claims } from '../../tokens/claims.ts'
import { idsOf } from '../caller.ts'
import type { JobChange, JobFeed } from '../feed.ts'
import type { StreamReader, StreamSnapshot } from './stream-reader.ts'
import { TenantChannel, type Follower } from './tenant-channel.ts'

/** From the feed to the streams of all sets of tenants that somebody follows. */
export class StreamHub {
  readonly #feed: JobFeed
  readonly #reader: StreamReader
  readonly #bySet = new Map<string, TenantChannel>()
  readonly #byTenant = new Map<string, Set<TenantChannel>>()
  readonly #snapshots = new Map<TenantChannel, Promise<StreamSnapshot>>()
  #unsubscribe: (() => void) | null = null

  constructor(feed: JobFeed, reader: StreamReader) {
    this.#feed = feed
    this.#reader = reader
  }

  start(): void {
    this.#unsubscribe = this.#feed.subscribe((changes) => {
      if (changes === null) this.#restart()
      else this.#hear(changes)
    })
  }

  close(): void {
    this.#unsubscribe?.()
    this.#bySet.clear()
    this.#byTenant.clear()
  }

  /** The stream of the caller's tenants, until `unfollow`. */
  follow(claims: Claims, follower: Follower): TenantChannel {
    const tenantIds = idsOf(claims).sort()
    const key = JSON.stringify(tenantIds)
    const channel = this.#bySet.get(key) ?? this.#open(key, tenantIds)
    channel.add(follower)
    return channel
  }

  unfollow(channel: TenantChannel, follower: Follower): void {
    channel.remove(follower)
    const key = JSON.stringify(channel.tenantIds)
    if (channel.followed || this.#bySet.get(key) !== channel) return
    this.#bySet.delete(key)
    for (const id of channel.tenantIds) {
      const channels = this.#byTenant.get(id)
      channels?.delete(channel)
      if (channels?.size === 0) this.#byTenant.delete(id)
    }
  }

  /**
   * Who asks while it is being read gets the same. `claims` are those of one of the followers: all
   * of them name the same tenants.
   */
  snapshot(channel: TenantChannel, claims: Claims): Promise<StreamSnapshot> {
    const known = this.#snapshots.get(channel)
    if (known !== undefined) return known
    const snapshot = this.#reader.snapshot(claims).finally(() => this.#snapshots.delete(channel))
    this.#snapshots.set(channel, snapshot)
    return snapshot
  }

  #open(key: string, tenantIds: readonly string[]): TenantChannel {
    const channel = new TenantChannel(tenantIds, this.#offsetOf(tenantIds))
    this.#bySet.set(key, channel)
    for (const id of tenantIds) {
      const channels = this.#byTenant.get(id) ?? new Set()
      channels.add(channel)
      this.#byTenant.set(id, channels)
    }
    return channel
  }

  #offsetOf(tenantIds: readonly string[]): number {
    return tenantIds.reduce((sum, id) => sum + this.#feed.offsetOf(id), 0)
  }

  #hear(changes: readonly JobChange[]): void {
    const byChannel = new Map<TenantChannel, JobChange[]>()
    for (const change of changes) {
      for (const channel of this.#byTenant.get(change.tenantId) ?? []) {
        const own = byChannel.get(channel)
        if (own === undefined) byChannel.set(channel, [change])
        else own.push(change)
      }
    }
    for (const [channel, own] of byChannel) channel.take(own)
  }

  #restart(): void {
    for (const channel of this.#bySet.values()) channel.restart(this.#offsetOf(channel.tenantIds))
  }
}
