/** Everything the backend lets one set, parsed at start. */
export interface BackendConfig {
  /** 0 is any free port. */
  readonly port: number
  readonly dataDir: string
  /** Work driven beyond the steady sample jobs; null is none. */
  readonly load: Load | null
}

export interface Load {
  /** Jobs kept running at the same time. */
  readonly jobs: number
  /** Progress events a second over all of them. */
  readonly rate: number
}
