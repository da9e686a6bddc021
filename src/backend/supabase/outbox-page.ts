import { createHash } from 'node:crypto'
import { escape } from './html-text.ts'
import type { OutboxMessage } from './outbox.ts'

const style = `
:root { color-scheme: light dark; --line: color-mix(in srgb, CanvasText 18%, Canvas);
  --quiet: color-mix(in srgb, CanvasText 65%, Canvas); --accent: #0b63ce }
@media (prefers-color-scheme: dark) { :root { --accent: #6cb0ff } }
* { box-sizing: border-box }
body { margin: 0; padding: 2.5rem 1.25rem; background: Canvas; color: CanvasText;
  font: 1rem/1.5 system-ui, sans-serif }
main { max-width: 44rem; margin: 0 auto }
h1 { margin: 0 0 .25rem; font-size: 1.5rem; line-height: 1.25 }
h2 { margin: 0; font-size: 1rem; line-height: 1.4 }
p { margin: 0 } header p, .who, time { color: var(--quiet) }
header { margin-bottom: 2rem }
article { padding: 1rem 1.25rem; margin-bottom: 1rem; border: 1px solid var(--line); border-radius: .75rem }
.top { display: flex; flex-wrap: wrap; gap: .25rem 1rem; justify-content: space-between }
.who, time { font-size: .875rem }
.who { overflow-wrap: anywhere }
.act { display: flex; flex-wrap: wrap; gap: .75rem 1.25rem; align-items: center; margin: .875rem 0 }
code { padding: .125rem .5rem; font: 600 1.25rem/1.4 ui-monospace, monospace; letter-spacing: .15em;
  border: 1px solid var(--line); border-radius: .375rem; user-select: all }
a { color: var(--accent); font-weight: 600 }
summary { cursor: pointer; font-size: .875rem; color: var(--quiet) }
pre { margin: .5rem 0 0; font: .8125rem/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: .25rem }
`
const styleHash = createHash('sha256').update(style).digest('base64')

export const outboxPolicy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** Every text is escaped; there is no script. */
export function renderOutbox(messages: readonly OutboxMessage[]): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Outbox</title>
<style>${style}</style>
<main>
<header>
<h1>Outbox</h1>
<p>Mail that this backend would have sent, newest first. Reload to see more.</p>
</header>
${messages.length === 0 ? '<p>There is no mail yet.</p>' : messages.map(renderMessage).join('\n')}
</main>
</html>
`
}

function renderMessage({ subject, to, sentAt, code, link, text }: OutboxMessage): string {
  const at = sentAt.toISOString()
  const anchor =
    link === null ? '' : `\n<a href="${escape(link)}" rel="noreferrer">Follow the link</a>`
  return `<article>
<div class="top"><h2>${escape(subject)}</h2><time datetime="${at}">${at.slice(0, 19).replace('T', ' ')} UTC</time></div>
<p class="who">To ${escape(to)}</p>
<div class="act"><code>${escape(code)}</code>${anchor}</div>
<details><summary>Whole text</summary><pre>${escape(text)}</pre></details>
</article>`
}
