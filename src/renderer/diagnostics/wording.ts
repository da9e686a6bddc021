/**
 * What the window says for each failure code: what happened, why, and what to do. Codes are data of
 * main and the backend; words are only here.
 */
import type { FailureCode } from '../../shared/failure.ts'

export interface Wording {
  /** What happened, in a few words. */
  readonly title: string
  /** Why, and what to do. */
  readonly text: string
  /** The reason in two or three words, after a colon: "Refused: token expired". */
  readonly reason: string
}

export const wording = {
  // The credential was refused.
  token_missing: {
    title: 'The server got no token',
    text: 'The request arrived without a session token; a proxy on the way may remove it. Sign in again, and if it stays so, try the other token transport in the environment.',
    reason: 'token missing',
  },
  token_malformed: {
    title: 'The token is not a session token',
    text: 'The server got something that is not a three-part token, which is what an API key looks like. Check the keys of this environment, then sign in again.',
    reason: 'token malformed',
  },
  token_expired: {
    title: 'The session token has expired',
    text: 'Its time ran out and it could not be renewed. Sign in again. If this comes back at once, check the clock of this computer.',
    reason: 'token expired',
  },
  token_signature: {
    title: 'The token was signed by another project',
    text: 'The gateway checks tokens with a different secret than the one that signed this session. The Supabase address and the gateway address of this environment must belong to the same project.',
    reason: 'wrong project or secret',
  },
  token_wrong_kind: {
    title: 'An API key stands where a session token belongs',
    text: 'The server got the publishable or the service key instead of the token of a signed-in person. Sign in again, and if it stays so, the gateway of this environment is misconfigured.',
    reason: 'key instead of token',
  },
  token_not_yet_valid: {
    title: 'The token is not valid yet',
    text: 'The clocks of this computer and of the server disagree. Set the clock, then sign in again.',
    reason: 'token not valid yet',
  },
  tenant_missing: {
    title: 'This account belongs to no tenant',
    text: 'The session token names no tenant, so there is nothing to show. An administrator of the backend has to add this account to a tenant.',
    reason: 'no tenant in the token',
  },
  session_revoked: {
    title: 'The session was ended at the server',
    text: 'Somebody signed this account out everywhere, or an administrator revoked the session. Sign in again to go on.',
    reason: 'session revoked',
  },
  forbidden: {
    title: 'This account may not see that',
    text: 'The server knows who you are and does not allow it. Ask an administrator of the tenant for access.',
    reason: 'not allowed',
  },

  // Signing in.
  credentials_wrong: {
    title: 'E-mail or password is wrong',
    text: 'The server does not accept the two together. Type the password again, and check that the right environment is chosen.',
    reason: 'wrong password',
  },
  email_not_confirmed: {
    title: 'This e-mail address is not confirmed yet',
    text: 'Open the confirmation message in your mailbox, follow its link, then sign in here.',
    reason: 'e-mail not confirmed',
  },
  user_banned: {
    title: 'This account is blocked',
    text: 'An administrator of the backend blocked it. Only they can open it again.',
    reason: 'account blocked',
  },
  key_wrong: {
    title: 'The publishable key is wrong',
    text: 'The server at this Supabase address does not know the key of this environment. Compare both with the project settings.',
    reason: 'wrong publishable key',
  },
  session_ended: {
    title: 'The session is over',
    text: 'The server does not renew it any more. Sign in again to go on.',
    reason: 'session over',
  },
  session_used_elsewhere: {
    title: 'The session was used in another place',
    text: 'Its refresh token had already been used, so the server closed the session as a precaution. Sign in again. If nobody else uses this account here, change its password.',
    reason: 'used elsewhere',
  },
  cancelled: {
    title: 'Signing in was cancelled',
    text: 'Nothing was kept. Sign in whenever you want.',
    reason: 'cancelled',
  },

  // The way to the server.
  offline: {
    title: 'This computer is offline',
    text: 'There is no network connection. Signalbox connects by itself as soon as there is one.',
    reason: 'no network',
  },
  unreachable: {
    title: 'The server cannot be reached',
    text: 'The network is there, but nothing answers at this address. The server may be down or a firewall or VPN may stand between.',
    reason: 'server unreachable',
  },
  name_not_found: {
    title: 'The address of the server is unknown',
    text: 'Its name cannot be looked up. Check the addresses of this environment, and the VPN if the server is an internal one.',
    reason: 'name not found',
  },
  timed_out: {
    title: 'The server did not answer in time',
    text: 'The connection was made, but no answer came. Try again; if it stays so, the server or a proxy before it is stuck.',
    reason: 'no answer in time',
  },
  tls_untrusted: {
    title: 'The certificate of the server is not trusted',
    text: 'It has expired, has another name, or comes from an authority that this computer does not know. Nothing was sent. Look whether the clock of this computer is right; if it is, whoever runs the server has to repair it.',
    reason: 'certificate not trusted',
  },
  clock_wrong: {
    title: 'The clock of this computer is wrong',
    text: 'It is more than a day off the servers, so the certificate of a server seems to have expired or not to have begun. Nothing was sent. Set date and time, then try again.',
    reason: 'check the clock',
  },
  captive_portal: {
    title: 'This network wants a login first',
    text: 'A web page answered instead of the server, as hotels and guest networks do. Open a browser, log in to the network, then try again.',
    reason: 'network login needed',
  },
  rate_limited: {
    title: 'Too many requests',
    text: 'The server asks for a pause. Wait a little, then try again.',
    reason: 'too many requests',
  },
  server_error: {
    title: 'The server reports an error of its own',
    text: 'It could not do what was asked, and says that the fault is on its side. Try again in a minute; the people who run it find the cause in its log.',
    reason: 'server error',
  },
  protocol_error: {
    title: 'The answer of the server makes no sense',
    text: 'Something answered, but not as a Signalbox backend does. Check the gateway address of this environment.',
    reason: 'unexpected answer',
  },
  signed_in_elsewhere: {
    title: 'The same account took over in another place',
    text: 'The server allows one console an account and closed this one. Try again to take over here.',
    reason: 'signed in elsewhere',
  },
  too_many_sockets: {
    title: 'More jobs than sockets',
    text: 'More jobs are running than one console may follow one by one. The rest appear as their neighbours finish; the tenant stream has no such limit.',
    reason: 'too many sockets',
  },
  not_served: {
    title: 'The gateway does not have this kind of line',
    text: 'It answered that there is nothing at this address. Take this source out of the environment, or have the gateway serve it.',
    reason: 'not served by the gateway',
  },
  bridge_failed: {
    title: 'The session bridge failed',
    text: 'The sign-in is good, but the gateway could not make a session of its own from it, so Socket.IO was not tried. It is tried again by itself; the people who run the gateway find the cause in its log, where the table user_sessions is the first thing to look at.',
    reason: 'session bridge failed',
  },
  bridge_refused: {
    title: 'The gateway bridges no session for this account',
    text: 'The sign-in is good, but the gateway has no session bridge, or does not let this account through it, so Socket.IO was not tried. Check the gateway address of this environment, or use another source.',
    reason: 'session bridge refused',
  },

  // The table of jobs, and Realtime.
  permission_denied: {
    title: 'The jobs table may not be read',
    text: 'The database does not let this account read the table of jobs. Whoever runs the backend has to grant SELECT on it, and to allow the rows of this tenant by a row level security policy.',
    reason: 'permission denied',
  },
  table_unknown: {
    title: 'The jobs table is not as described',
    text: 'The database serves no such table, or the table lacks a column that this environment names. Compare the jobs table of this environment with the database.',
    reason: 'jobs table not found',
  },
  realtime_not_enabled: {
    title: 'Realtime is not enabled for the jobs table',
    text: 'The database does not announce changes of this table, so Signalbox asks every 5 seconds instead. Whoever runs the backend has to add the table to the publication supabase_realtime; it also needs a primary key.',
    reason: 'table not in Realtime',
  },
  realtime_unavailable: {
    title: 'This project offers no Realtime',
    text: 'The service is switched off, is missing, or takes private channels only, so Signalbox asks every 5 seconds instead. Whoever runs the backend finds the switch in the Realtime settings of the project.',
    reason: 'no Realtime',
  },
  channel_duplicate: {
    title: 'The channel existed already',
    text: 'The server took the subscription for a second one of the same name and closed it. Signalbox subscribes again under a new name and asks every 5 seconds until then; nothing has to be done.',
    reason: 'duplicate channel',
  },

  // This computer.
  keychain_locked: {
    title: 'The keychain is locked',
    text: 'The session is kept in the keychain of this computer, and it is locked. Unlock it, then try again.',
    reason: 'keychain locked',
  },
  keychain_unavailable: {
    title: 'No keychain was found on this computer',
    text: 'The session is kept in memory only and ends when Signalbox is closed. Install or start a keychain (on Linux, gnome-keyring or KWallet) to stay signed in.',
    reason: 'no keychain',
  },
  keychain_write_failed: {
    title: 'The keychain did not do what was asked',
    text: 'An entry could not be written or deleted. Signalbox tries again at the next start, before anything else.',
    reason: 'keychain failed',
  },
  snapshot_damaged: {
    title: 'The last known state could not be read',
    text: 'What was kept on this computer is damaged or its key is gone, so it was removed. Jobs appear as soon as the server answers.',
    reason: 'last state damaged',
  },
  snapshot_foreign: {
    title: 'The last known state belonged to somebody else',
    text: 'What was kept on this computer is of another account or another server, so it was removed unseen. Jobs appear as soon as the server answers.',
    reason: 'last state not yours',
  },
  snapshot_outdated: {
    title: 'The last known state is of another version',
    text: 'What was kept on this computer was written by another version of Signalbox, so it was removed. Jobs appear as soon as the server answers.',
    reason: 'last state of another version',
  },
  snapshot_unwritten: {
    title: 'The last known state cannot be kept',
    text: 'It could not be written to this computer; the disk may be full or the folder protected. Everything works, but after a restart without a network older rows are shown, or none.',
    reason: 'last state not kept',
  },
  snapshot_cut: {
    title: 'Not every job is kept for a restart',
    text: 'There are more jobs than are kept on this computer. After a restart without a network the unfinished and the newest ones are shown.',
    reason: 'last state cut',
  },
  snapshot_left: {
    title: 'The last known state could not be deleted',
    text: 'Its file is still on this computer. It is sealed, and Signalbox tries again at the next start, before anything else.',
    reason: 'last state left',
  },
  profile_invalid: {
    title: 'The environment is not complete',
    text: 'One of its fields was not accepted. Correct it, then save again.',
    reason: 'environment not valid',
  },
  profile_unknown: {
    title: 'This environment is gone',
    text: 'It was removed in the meantime. Choose another one.',
    reason: 'environment gone',
  },

  // The wall.
  channel_unknown: {
    title: 'This window and Signalbox do not match',
    text: 'The window asked for something that this version does not know. Close Signalbox and start it again.',
    reason: 'unknown request',
  },
  argument_invalid: {
    title: 'The input was not accepted',
    text: 'Something in it does not have the expected form. Check it, then try again.',
    reason: 'input not accepted',
  },
  sender_refused: {
    title: 'The request was refused',
    text: 'It did not come from the Signalbox window itself. Close Signalbox and start it again.',
    reason: 'request refused',
  },
  workspace_unknown: {
    title: 'This workspace is closed',
    text: 'Its session has ended in the meantime. Sign in again to open it.',
    reason: 'workspace closed',
  },
  job_unknown: {
    title: 'This job is gone',
    text: 'The server does not know it any more: it was removed, or its records were cleared. Close its details and go on.',
    reason: 'job gone',
  },
  internal: {
    title: 'Signalbox itself failed at this',
    text: 'This is a fault of the program and not yours. Try again; the log of Signalbox holds the details.',
    reason: 'internal fault',
  },
} satisfies Record<FailureCode, Wording>

export const wordsFor = (code: FailureCode): Wording => wording[code]
