import type { IncomingHttpHeaders } from 'node:http'

/** Where something may be done to what passes. */
export type Place = 'connect' | 'request' | 'upgrade' | 'to-server' | 'to-client'

export type FrameKind = 'continuation' | 'text' | 'binary' | 'close' | 'ping' | 'pong' | 'other'

/** What passes at a place. Everything but `place` is there only where it is known. */
export interface Passing<P extends Place = Place> {
  readonly place: P
  /** The address that was asked for, with its query. */
  readonly path?: string
  readonly method?: string
  readonly headers?: IncomingHttpHeaders
  readonly frame?: FrameKind
  readonly text?: string
  /** The text parsed; undefined where it is no JSON. */
  readonly json?: unknown
}

/** What a rule is for. Counting begins anew with every rule, over all connections. */
export interface Match<P extends Place = Place> {
  readonly on: P
  readonly path?: RegExp
  /** Kind of frame; text unless given. */
  readonly frame?: FrameKind | 'any'
  readonly when?: (passing: Passing) => boolean
  /** The first that it holds for, among those that match the rest; 1 unless given. */
  readonly nth?: number
  /** For how many it holds from there on; one unless given. */
  readonly times?: number
}

export type Side = 'client' | 'server'

/** Resets the connection, or ends it without a word. */
export interface Cut {
  readonly act: 'cut'
  readonly how: 'rst' | 'fin'
}
/** Reads, and never answers. */
interface NeverAnswer {
  readonly act: 'never-answer'
}
/** Lets it pass this much later; what follows on the same way waits behind it. */
interface Delay {
  readonly act: 'delay'
  readonly ms: number
}
/** Answers in the server's place. */
interface Respond {
  readonly act: 'respond'
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}
/** A close frame to the client, as if the server had sent it. */
interface Close {
  readonly act: 'close'
  readonly code: number
  readonly reason?: string
}

/** What can be done at each place. */
export interface Actions {
  readonly connect: Cut | NeverAnswer
  readonly request:
    | Cut
    | NeverAnswer
    | Delay
    | Respond
    /** The server gets the request and answers; the client sees a broken connection instead. */
    | { readonly act: 'lose-reply' }
  readonly upgrade:
    | Cut
    | NeverAnswer
    | Delay
    | Respond
    /** Says yes, and goodbye at once. */
    | { readonly act: 'accept-and-close'; readonly code: number; readonly reason?: string }
  readonly 'to-server': FrameAction
  readonly 'to-client': FrameAction
}
export type FrameAction =
  | Cut
  | Delay
  | Close
  /** Takes this one out, or this one and all that follows on the same way. */
  | { readonly act: 'drop' | 'drop-onwards' }
  | { readonly act: 'replace'; readonly text: string }
  /** Says something more right after this one, and goodbye after that where a code is given. */
  | { readonly act: 'inject'; readonly to: Side; readonly text: string; readonly code?: number }

interface Rule {
  readonly match: Match
  readonly action: Actions[Place]
  seen: number
}

const framePlaces: readonly Place[] = ['to-server', 'to-client']

/** The rules of one proxy, in the order given: the first that holds decides. It knows no socket. */
export class Rules {
  readonly #rules = new Set<Rule>()

  /** Answers how the rule is taken back. */
  add<P extends Place>(match: Match<P>, action: Actions[P]): () => void {
    const rule: Rule = { match, action, seen: 0 }
    this.#rules.add(rule)
    return () => {
      this.#rules.delete(rule)
    }
  }

  clear(): void {
    this.#rules.clear()
  }

  /** Whether any rule looks into frames. */
  get readsFrames(): boolean {
    return [...this.#rules].some(({ match }) => framePlaces.includes(match.on))
  }

  decide<P extends Place>(passing: Passing<P>): Actions[P] | null {
    let decided: Actions[P] | null = null
    for (const rule of this.#rules) {
      if (!fits(rule.match, passing)) continue
      rule.seen += 1
      const { nth = 1, times = 1 } = rule.match
      if (rule.seen >= nth && rule.seen < nth + times) decided ??= rule.action as Actions[P]
    }
    return decided
  }
}

function fits(match: Match, passing: Passing): boolean {
  if (match.on !== passing.place) return false
  if (match.path !== undefined && !match.path.test(passing.path ?? '')) return false
  const { frame = 'text' } = match
  if (passing.frame !== undefined && frame !== 'any' && frame !== passing.frame) return false
  return match.when?.(passing) ?? true
}
