import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import { escape } from './html-text.ts'

const style = `
:root { color-scheme: light dark; --line: color-mix(in srgb, CanvasText 22%, Canvas); --accent: #0b63ce }
@media (prefers-color-scheme: dark) { :root { --accent: #6cb0ff } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem;
  background: Canvas; color: CanvasText; font: 1rem/1.5 system-ui, sans-serif }
main { width: min(24rem, 100%); padding: 2rem; border: 1px solid var(--line); border-radius: .75rem }
h1 { margin: 0 0 .75rem; font-size: 1.25rem; line-height: 1.3 }
p { margin: 0 0 1rem }
code { overflow-wrap: anywhere; font-size: .9em }
label { display: block; margin-bottom: .75rem; font-weight: 600 }
input { display: block; width: 100%; margin-top: .25rem; padding: .5rem .625rem; font: inherit; font-weight: 400;
  background: Field; color: FieldText; border: 1px solid var(--line); border-radius: .375rem }
.choice { display: flex; gap: .75rem; margin-top: 1.25rem }
button { flex: 1; padding: .5rem 1rem; font: inherit; font-weight: 600; cursor: pointer;
  color: CanvasText; background: Canvas; border: 1px solid var(--line); border-radius: .375rem }
button.allow { color: Canvas; background: var(--accent); border-color: var(--accent) }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
[role=alert] { padding: .5rem .75rem; border: 1px solid; border-radius: .375rem; font-weight: 600 }
`
const styleHash = createHash('sha256').update(style).digest('base64')

export interface ConsentForm {
  /** Goes back with the answer. */
  readonly sealed: string
  readonly redirectTo: string
  readonly email: string
  readonly alert: string | null
}

/** Asks who is there, and whether the app may know. No script; every text is escaped. */
export function sendConsentPage(reply: FastifyReply, form: ConsentForm): FastifyReply {
  const { sealed, redirectTo, email, alert } = form
  const target = targetOf(redirectTo)
  return sendPage(
    reply,
    `<h1>Sign in to continue to ${escape(target.name)}</h1>
<p>It asks to know who you are. Afterwards you return to <code>${escape(target.address)}</code>.</p>
${alert === null ? '' : `<p role="alert">${escape(alert)}</p>`}
<form method="post" action="consent">
<input type="hidden" name="request" value="${escape(sealed)}">
<label>E-mail<input name="email" type="email" autocomplete="username" required ${
      email === '' ? 'autofocus ' : ''
    }maxlength="320" value="${escape(email)}"></label>
<label>Password<input name="password" type="password" autocomplete="current-password" required ${
      email === '' ? '' : 'autofocus '
    }maxlength="1024"></label>
<div class="choice">
<button class="allow" name="decision" value="allow">Allow</button>
<button name="decision" value="deny" formnovalidate>Deny</button>
</div>
</form>`,
    target.source,
  )
}

/** For a request that cannot be answered any more; it leads nowhere. */
export function sendLostPage(reply: FastifyReply): FastifyReply {
  const text = `<h1>This sign-in is over</h1>
<p>It is too old, or was begun in another browser. Go back to the app and sign in from there.</p>`
  return sendPage(reply.code(400), text, null)
}

function sendPage(reply: FastifyReply, content: string, formTarget: string | null): FastifyReply {
  // Browsers hold the redirect that follows a form to `form-action` as well.
  const form = formTarget === null ? `'none'` : `'self' ${formTarget}`
  const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; form-action ${form}; base-uri 'none'; frame-ancestors 'none'`
  return reply.headers({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy,
    'cache-control': 'no-store',
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  }).send(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in</title>
<style>${style}</style>
<main>
${content}
</main>
</html>
`)
}

interface Target {
  readonly name: string
  readonly address: string
  /** As `form-action` names it. */
  readonly source: string
}

function targetOf(redirectTo: string): Target {
  const url = new URL(redirectTo)
  const address = redirectTo.split(/[?#]/)[0] ?? ''
  const web = url.protocol === 'http:' || url.protocol === 'https:'
  if (web) return { name: url.host, address, source: url.origin }
  return { name: `the app “${url.protocol.slice(0, -1)}”`, address, source: url.protocol }
}
