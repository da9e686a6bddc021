import type { Database, Queryable } from '../database/database.ts'
import type { Link, LinkKind } from './auth-links.ts'
import { write } from './outbox-letters.ts'

/** Mail that goes nowhere: whoever sits at the machine reads it (`/outbox`). It holds secrets. */
export interface OutboxMessage {
  readonly id: string
  readonly sentAt: Date
  readonly to: string
  readonly kind: LinkKind
  readonly subject: string
  readonly text: string
  readonly code: string
  /** Null where only the code is of use. */
  readonly link: string | null
}

export interface Mail {
  readonly kind: LinkKind
  readonly to: string
  readonly link: Link
  /** Only of a change of address: the new one. */
  readonly newEmail?: string
}

const mostKept = 200

/** Mails a link that `createLink` made. */
export async function sendMail(inside: Queryable, mail: Mail): Promise<void> {
  const { kind, to, link } = mail
  const url = kind === 'reauthentication' ? null : link.url
  const { subject, text } = write(mail)
  await inside.query(
    `insert into auth.outbox (recipient, kind, subject, body, code, link)
     values ($1, $2, $3, $4, $5, $6)`,
    [to, kind, subject, text, link.code, url],
  )
  await inside.query(
    `delete from auth.outbox where id <= (select id from auth.outbox order by id desc offset $1 limit 1)`,
    [mostKept],
  )
}

/** Newest first. */
export function listOutbox(database: Database): Promise<OutboxMessage[]> {
  return database.query<OutboxMessage>(
    `select o.id::text, sent_at as "sentAt", recipient as "to", kind, subject, body as text, code, link
     from auth.outbox o order by o.id desc limit $1`,
    [mostKept],
  )
}
