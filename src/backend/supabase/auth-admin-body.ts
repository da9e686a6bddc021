import { z } from 'zod'
import { parseDuration } from './auth-admin-duration.ts'
import { invalid, refused, type AuthOutcome } from './auth-outcome.ts'

/** What an administrator may say about a user; what is left out stays as it is. */
export interface UserChange {
  readonly id?: string
  readonly email?: string
  readonly phone?: string
  readonly role?: string
  readonly password?: string
  /** bcrypt's, as PostgreSQL reads it. */
  readonly passwordHash?: string
  readonly confirmEmail: boolean
  readonly confirmPhone: boolean
  readonly appMetadata: Readonly<Record<string, unknown>>
  readonly userMetadata: Readonly<Record<string, unknown>>
  /** Zero lifts a ban. */
  readonly banMs?: number
}

const text = z.string().nullish()
const metadata = z.record(z.string(), z.unknown()).nullish()
const schema = z.object({
  id: text,
  email: text,
  phone: text,
  role: text,
  password: text,
  password_hash: text,
  email_confirm: z.boolean().nullish(),
  phone_confirm: z.boolean().nullish(),
  app_metadata: metadata,
  user_metadata: metadata,
  ban_duration: text,
})

export function readUserChange(sent: unknown): AuthOutcome<UserChange> {
  const parsed = schema.safeParse(sent)
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path.join('.') ?? ''
    return refused(invalid(`Could not parse request body: "${field}" is wrong`))
  }
  const body = parsed.data
  const wrong = findWrong(body)
  if (wrong !== null) return refused(invalid(wrong))
  const value: UserChange = {
    ...given('id', body.id),
    ...given('email', body.email?.toLowerCase()),
    ...given('phone', body.phone?.replaceAll(/[+ ]/g, '')),
    ...given('role', body.role),
    ...given('password', body.password),
    // The same algorithm; PostgreSQL knows it by one of its names.
    ...given('passwordHash', body.password_hash?.replace(/^\$2[by]\$/, '$2a$')),
    ...(body.ban_duration ? { banMs: banMsOf(body.ban_duration) ?? 0 } : {}),
    confirmEmail: body.email_confirm ?? false,
    confirmPhone: body.phone_confirm ?? false,
    appMetadata: body.app_metadata ?? {},
    userMetadata: body.user_metadata ?? {},
  }
  return { ok: true, value }
}

const bcryptHash = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/
const noId = '00000000-0000-0000-0000-000000000000'

/** In GoTrue's words. */
function findWrong(body: z.infer<typeof schema>): string | null {
  const { id, email, phone, password, password_hash: hash, ban_duration: ban } = body
  if (email && !isEmail(email)) return 'Unable to validate email address: invalid format'
  if (phone && !/^[1-9]\d{1,14}$/.test(phone.replaceAll(/[+ ]/g, ''))) {
    return 'Invalid phone number format (E.164 required)'
  }
  if (password && hash) return 'Only a password or a password hash should be provided'
  if (password && Buffer.byteLength(password) > 72)
    return 'bcrypt: password length exceeds 72 bytes'
  if (hash && !bcryptHash.test(hash)) return 'password_hash must be a bcrypt hash'
  if (id && !z.uuid().safeParse(id).success) return 'ID must conform to the uuid v4 format'
  if (id === noId) return 'ID cannot be a nil uuid'
  if (body.role && body.role.length > 255) return 'role is too long'
  if (ban && banMsOf(ban) === null) {
    return `invalid format for ban duration: time: invalid duration ${JSON.stringify(ban.slice(0, 64))}`
  }
  return null
}

export function isEmail(text: string): boolean {
  return text.length <= 255 && z.email().safeParse(text).success
}

function banMsOf(text: string): number | null {
  return text === 'none' ? 0 : parseDuration(text)
}

function given<Name extends string>(
  name: Name,
  value: string | null | undefined,
): Partial<Record<Name, string>> {
  return value ? ({ [name]: value } as Partial<Record<Name, string>>) : {}
}
