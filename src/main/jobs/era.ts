/** A history that the server began, and the sources (their bits) that tell of it. */
export interface Era {
  readonly epoch: string | null
  begun: number
}
