import { z } from 'zod'
import type { Backend } from '../../src/backend/backend.ts'
import type { EmailConfig } from '../../src/backend/config.ts'

const message = z.object({
  to: z.string(),
  kind: z.string(),
  subject: z.string(),
  text: z.string(),
  code: z.string(),
  link: z.string().nullable(),
})
const answer = z.object({ messages: z.array(message) })

export type Mail = z.infer<typeof message>

/** Every address is confirmed, and mails may follow each other at once. */
export const confirming: EmailConfig = {
  allowSignUp: true,
  confirmations: true,
  doubleConfirmChanges: true,
  securePasswordChange: false,
  leastIntervalMs: 0,
  codeLength: 6,
  codeLifetimeSeconds: 3_600,
}

/** Reads what the backend mailed, as a person would at `/outbox`. */
export class Mailbox {
  readonly #backend: Pick<Backend, 'supabaseUrl'>

  constructor(backend: Pick<Backend, 'supabaseUrl'>) {
    this.#backend = backend
  }

  /** Newest first. */
  async all(to: string): Promise<readonly Mail[]> {
    const response = await fetch(`${this.#backend.supabaseUrl}/outbox/messages`)
    const { messages } = answer.parse(await response.json())
    return messages.filter((mail) => mail.to === to)
  }

  async last(to: string): Promise<Mail> {
    const [mail] = await this.all(to)
    if (mail === undefined) throw new Error(`${to} has no mail`)
    return mail
  }

  /** The token of the last link. */
  async token(to: string): Promise<string> {
    return new URL((await this.last(to)).link ?? '').searchParams.get('token') ?? ''
  }

  /** Opens the last link without following where it leads; where it leads. */
  async open(to: string): Promise<URL> {
    const { link } = await this.last(to)
    const response = await fetch(link ?? '', { redirect: 'manual' })
    return new URL(response.headers.get('location') ?? '')
  }
}
