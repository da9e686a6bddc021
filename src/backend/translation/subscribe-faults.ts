/** What a Realtime subscription answered, as far as it says anything. */
export interface SubscribeAnswer {
  /** `CHANNEL_ERROR`, `TIMED_OUT`, `CLOSED`, or `system` for a message of the server. */
  readonly status: string
  readonly text: string
}

interface Explanation {
  readonly pattern: RegExp
  readonly sentence: string
}

/** The order matters: from the most telling words on (mission row S1, supabase.md §§3, 4). */
const explanations: readonly Explanation[] = [
  {
    pattern: /number of segments|MalformedJWT|not a valid JWT|JwtSignatureError|validate JWT/i,
    sentence:
      'Realtime refused the key: it is malformed or of another project; give the service key of this one',
  },
  { pattern: /expired/i, sentence: 'Realtime refused the key: it has expired; give a new one' },
  {
    pattern: /Unable to subscribe to changes/i,
    sentence:
      'Realtime is not enabled on public.translation_jobs: add the table to the publication supabase_realtime',
  },
  {
    pattern: /permission|Unauthorized|not authorized|401/i,
    sentence:
      'permission denied: the key may not read public.translation_jobs; give the service key, or check the grants and policies',
  },
  {
    pattern: /multiple times|already exists|duplicate/i,
    sentence: 'a channel of this name is open already; it is left before the next attempt',
  },
  { pattern: /Too many/i, sentence: 'Realtime is at its limit of connections, channels or joins' },
]

/** One clear sentence for each way in which a subscription fails. */
export function explainSubscribe({ status, text }: SubscribeAnswer): string {
  const known = explanations.find(({ pattern }) => pattern.test(text))
  if (known !== undefined) return known.sentence
  if (status === 'TIMED_OUT') return 'subscribing timed out: Realtime did not answer in time'
  if (status === 'CLOSED') return 'Realtime closed the channel'
  return 'Realtime cannot be reached'
}
