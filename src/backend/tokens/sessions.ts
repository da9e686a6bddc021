/** Which sign-ins are still good. A token outlives its session; sockets must not. */
export interface Sessions {
  alive: (sessionId: string) => Promise<boolean>
  /** Ends one session: its refresh tokens are gone and listeners are told. */
  revoke: (sessionId: string) => Promise<void>
  /**
   * Told within 1 s of a session's end, however it ended. Null means that ends may have been
   * missed: ask `alive` again for every session that matters. Returns its own off-switch.
   */
  onEnded: (listener: (sessionId: string | null) => void) => () => void
}
