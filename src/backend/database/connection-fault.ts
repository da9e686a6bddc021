import type { Connection } from './database.ts'

interface Fault {
  readonly code: string
  readonly message: string
}

type Place = Pick<Connection, 'host' | 'port' | 'user' | 'database'>

const certificates =
  'set DATABASE_CA_FILE to the CA certificate (a Supabase project offers it under Database settings, SSL)'

/** By the code of the system, of TLS, or of PostgreSQL; each says the next step (seed 002). */
const sentences: Readonly<Record<string, (place: Place) => string>> = {
  ENOTFOUND: ({ host }) => `the host ${host} is not known: ${hostHint(host)}`,
  EAI_AGAIN: ({ host }) =>
    `the host ${host} cannot be looked up now: check this machine's network and DNS`,
  ECONNREFUSED: ({ host, port }) =>
    `nothing accepts connections at ${host}:${port}: check the port, and that the server runs`,
  ECONNRESET: ({ host, port }) =>
    `${host}:${port} hung up: check that it is a PostgreSQL server, and that it lets this machine in`,
  ETIMEDOUT: ({ host, port }) =>
    `${host}:${port} does not answer: check firewalls and the project's network restrictions, and that the project is not paused`,
  ENETUNREACH: ({ host }) => `there is no way to ${host} from here: ${hostHint(host)}`,
  EHOSTUNREACH: ({ host }) => `there is no way to ${host} from here: ${hostHint(host)}`,
  SELF_SIGNED_CERT_IN_CHAIN: ({ host }) =>
    `certificate verify failed: ${host} shows a certificate of an unknown authority: ${certificates}`,
  DEPTH_ZERO_SELF_SIGNED_CERT: ({ host }) =>
    `certificate verify failed: ${host} shows a certificate that it signed itself: set DATABASE_CA_FILE to that certificate`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ({ host }) =>
    `certificate verify failed: the authority behind the certificate of ${host} is not trusted here: ${certificates}`,
  UNABLE_TO_GET_ISSUER_CERT: ({ host }) =>
    `certificate verify failed: the chain of ${host} is not complete: ${certificates}`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ({ host }) =>
    `certificate verify failed: the authority behind the certificate of ${host} is not trusted here: ${certificates}`,
  CERT_SIGNATURE_FAILURE: ({ host }) =>
    `certificate verify failed: DATABASE_CA_FILE did not sign the certificate of ${host}: take the CA certificate of this very server`,
  CERT_HAS_EXPIRED: ({ host }) =>
    `certificate verify failed: the certificate of ${host} (or the CA's) has expired: renew it, and compare this machine's clock`,
  CERT_NOT_YET_VALID: ({ host }) =>
    `certificate verify failed: the certificate of ${host} is not valid yet: compare this machine's clock`,
  ERR_TLS_CERT_ALTNAME_INVALID: ({ host }) =>
    `certificate verify failed: the certificate is not for ${host}: use the host name that it names, or sslmode=verify-ca`,
  EPROTO: ({ host, port }) =>
    `TLS with ${host}:${port} failed: the two sides have no version of it in common`,
  '28P01': ({ user }) =>
    `the password for ${user} is wrong: copy it again, with @ : / # ? % in it percent-encoded`,
  '28000': ({ host, user, database }) =>
    `${host} does not let ${user} in to ${database} like this: check the user, and sslmode (many servers demand sslmode=require)`,
  '3D000': ({ database }) =>
    `there is no database ${database}: a Supabase project's is called postgres`,
  '42501': ({ user }) => `${user} may not connect: use the role postgres`,
  '53300': () => 'the server has no connection left: end other clients, or raise max_connections',
  '57P03': () => 'the server is starting or stopping: try again in a moment',
}

/**
 * One sentence that says what is wrong with the way to a database, and what to do. Null for what
 * is no fault of the way: then it is a bug, or the server's own.
 */
export function explainConnection(error: unknown, place: Place): string | null {
  const fault = read(error)
  const found = Object.hasOwn(sentences, fault.code) ? sentences[fault.code] : undefined
  if (/does not support SSL/i.test(fault.message)) {
    return `${place.host}:${place.port} does not speak TLS: turn it on there, or say sslmode=disable where the way is private`
  }
  if (/tenant or user not found|tenant identifier/i.test(fault.message)) {
    return `the pooler knows no user ${place.user}: through ${place.host} it is written as postgres.PROJECT-REF, and the region must fit`
  }
  if (found !== undefined) return found(place)
  if (/timeout|timed out/i.test(fault.message)) return sentences.ETIMEDOUT?.(place) ?? null
  if (/terminated unexpectedly/i.test(fault.message)) return sentences.ECONNRESET?.(place) ?? null
  return null
}

function read(error: unknown): Fault {
  if (!(error instanceof Error)) return { code: '', message: String(error) }
  // A name with several addresses fails with all of them at once.
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [error]
  const code = first instanceof Error && 'code' in first ? String(first.code) : ''
  return {
    code: code.startsWith('ERR_SSL_') ? 'EPROTO' : code,
    message: first instanceof Error ? first.message : error.message,
  }
}

function hostHint(host: string): string {
  if (/^db\.[a-z0-9]+\.supabase\.co$/.test(host)) {
    return "a project's direct host answers over IPv6 only; take the session pooler, aws-N-REGION.pooler.supabase.com:5432, and the user postgres.PROJECT-REF"
  }
  if (host.endsWith('.pooler.supabase.com')) {
    return 'copy the session pooler\'s address from the project\'s "Connect" page; the region is part of the name'
  }
  return "check the spelling and this machine's network"
}
