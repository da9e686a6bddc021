import { z } from 'zod'

/** The two forms of the protocol (supabase.md §3): objects, or arrays and binary broadcasts. */
export type Vsn = '1.0.0' | '2.0.0'

export interface Frame {
  readonly joinRef: string | null
  readonly ref: string | null
  readonly topic: string
  readonly event: string
  readonly payload: Readonly<Record<string, unknown>>
  /** What a binary broadcast holds instead of a payload. */
  readonly pushed: UserBroadcast | null
}

/** A broadcast whose content nobody here has to look into. `json` was checked to be JSON. */
export interface UserBroadcast {
  readonly event: string
  readonly encoding: 'json' | 'binary'
  readonly content: Buffer
}

/** What is sent; `payload` is JSON text. */
export interface Outgoing {
  readonly joinRef?: string | null
  readonly ref?: string | null
  readonly topic: string
  readonly event: string
  readonly payload: string
}

const kinds = { userBroadcastPush: 3, userBroadcast: 4 }
const encodings = { binary: 0, json: 1 }
/** Every length in a binary frame is one byte. */
export const mostBytesOfAName = 255

const ref = z
  .union([z.string(), z.number().transform(String)])
  .nullish()
  .transform((value) => value ?? null)
const payload = z.record(z.string(), z.unknown())
const objectForm = z
  .object({ join_ref: ref, ref, topic: z.string(), event: z.string(), payload })
  .transform(({ join_ref, ...frame }): Frame => ({ joinRef: join_ref, ...frame, pushed: null }))
const arrayForm = z
  .tuple([ref, ref, z.string(), z.string(), payload], z.unknown())
  .transform(([joinRef, own, topic, event, content]): Frame => ({
    joinRef,
    ref: own,
    topic,
    event,
    payload: content,
    pushed: null,
  }))

/** Null for a text that is no frame. */
export function decodeText(vsn: Vsn, text: string): Frame | null {
  const parsed = (vsn === '1.0.0' ? objectForm : arrayForm).safeParse(parseJson(text))
  return parsed.success ? parsed.data : null
}

/**
 * A broadcast as vsn 2.0.0 sends it: kind 3, the lengths of join_ref, ref, topic, event and
 * metadata, the encoding, these strings, the content. Null for anything else.
 */
export function decodeBinary(bytes: Buffer): Frame | null {
  if (bytes.length < 7 || bytes[0] !== kinds.userBroadcastPush) return null
  const encoding = bytes[6] === encodings.binary ? 'binary' : 'json'
  let at = 7
  const take = (length: number): string => bytes.toString('utf8', at, (at += length))
  const [joinRef, own, topic, event, metadata] = [1, 2, 3, 4, 5].map((nth) => take(bytes[nth] ?? 0))
  if (at > bytes.length) return null
  const content = bytes.subarray(at)
  if (metadata !== '' && parseJson(metadata ?? '') === undefined) return null
  // Checked here: every receiver would have to parse it.
  if (encoding === 'json' && parseJson(content.toString('utf8')) === undefined) return null
  return {
    joinRef: joinRef === '' ? null : (joinRef ?? null),
    ref: own === '' ? null : (own ?? null),
    topic: topic ?? '',
    event: 'broadcast',
    payload: {},
    pushed: { event: event ?? '', encoding, content },
  }
}

export function encodeText(vsn: Vsn, frame: Outgoing): string {
  const { joinRef = null, ref: own = null, topic, event, payload: content } = frame
  const [join, asked, on, what] = [joinRef, own, topic, event].map((part) => JSON.stringify(part))
  if (vsn === '2.0.0') return `[${join},${asked},${on},${what},${content}]`
  const of = joinRef === null ? '' : `"join_ref":${join},`
  return `{${of}"ref":${asked},"topic":${on},"event":${what},"payload":${content}}`
}

/** Kind 4: the lengths of topic, event and metadata, the encoding, these strings, the content. */
export function encodeUserBroadcast(
  topic: string,
  { event, encoding, content }: UserBroadcast,
): Buffer {
  const [on, what] = [Buffer.from(topic), Buffer.from(event)]
  const head = [kinds.userBroadcast, on.length, what.length, 0, encodings[encoding]]
  return Buffer.concat([Buffer.from(head), on, what, content])
}

/** Undefined, which JSON cannot say, for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
