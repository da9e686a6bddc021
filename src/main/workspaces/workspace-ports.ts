import type { Clock, Files, HttpFetch, Keychain, Network, Random, SocketFactory } from '../ports.ts'

/** What a workspace needs of the world. */
export interface WorkspacePorts {
  readonly clock: Clock
  readonly random: Random
  readonly keychain: Keychain
  readonly files: Files
  readonly fetch: HttpFetch
  readonly sockets: SocketFactory
  readonly network: Network
}
