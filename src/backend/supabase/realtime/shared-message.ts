import { encodeText, encodeUserBroadcast, type UserBroadcast, type Vsn } from './frames.ts'

/** One message for many sockets: each form of it is made once, when it is first asked for. */
export class SharedMessage {
  /** Null where a form cannot hold it: bytes have no JSON. */
  readonly #make: (vsn: Vsn) => WireMessage | null
  readonly #made = new Map<Vsn, WireMessage | null>()

  private constructor(make: (vsn: Vsn) => WireMessage | null) {
    this.#make = make
  }

  /** `payload` is JSON text. */
  static text(topic: string, event: string, payload: string): SharedMessage {
    return new SharedMessage((vsn) => asText(vsn, { topic, event, payload }))
  }

  static broadcast(topic: string, broadcast: UserBroadcast): SharedMessage {
    return new SharedMessage((vsn) => {
      if (vsn === '2.0.0') return { bytes: encodeUserBroadcast(topic, broadcast), binary: true }
      if (broadcast.encoding === 'binary') return null
      const event = JSON.stringify(broadcast.event)
      const content = broadcast.content.toString('utf8')
      const payload = `{"type":"broadcast","event":${event},"payload":${content}}`
      return asText(vsn, { topic, event: 'broadcast', payload })
    })
  }

  in(vsn: Vsn): WireMessage | null {
    const made = this.#made.get(vsn)
    if (made !== undefined) return made
    const message = this.#make(vsn)
    this.#made.set(vsn, message)
    return message
  }
}

export interface WireMessage {
  readonly bytes: Buffer
  readonly binary: boolean
}

function asText(vsn: Vsn, frame: Parameters<typeof encodeText>[1]): WireMessage {
  return { bytes: Buffer.from(encodeText(vsn, frame)), binary: false }
}
