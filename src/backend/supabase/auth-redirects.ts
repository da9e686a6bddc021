import type { AuthConfig } from '../config.ts'

type Allowed = Pick<AuthConfig, 'siteUrl' | 'redirectUrls'>

const mostLetters = 2_048
const web = ['http:', 'https:']

/**
 * Where a link or a sign-in leads back to: the address that was asked for if it is on the site or
 * fits the allow-list, else the site. Also schemes of apps, such as `signalbox://auth/callback`.
 */
export function chooseRedirect(allowed: Allowed, asked: string | null | undefined): string {
  if (asked === null || asked === undefined || asked.length > mostLetters) return allowed.siteUrl
  // What a header cannot hold, and what a parser would silently leave out.
  if (/[\s\p{Cc}]/u.test(asked)) return allowed.siteUrl
  const url = URL.parse(asked)
  if (url === null || /^(?:javascript|data|vbscript|file|blob):$/.test(url.protocol)) {
    return allowed.siteUrl
  }
  if (!isAsItReads(url, asked)) return allowed.siteUrl
  return isOnSite(url, allowed.siteUrl) || isListed(asked, allowed.redirectUrls)
    ? asked
    : allowed.siteUrl
}

/**
 * Patterns look at the text, browsers at what they make of it: `https://evil%2ecom\.desk.test/` is
 * evil.com. So the host has to stand there as it is meant, and with no name of a user before it.
 */
function isAsItReads({ protocol, origin }: URL, asked: string): boolean {
  if (!web.includes(protocol)) return true
  return asked.toLowerCase().startsWith(origin) && /^(?:[:/?#]|$)/.test(asked.slice(origin.length))
}

/** As GoTrue: the host decides, whatever the port. */
function isOnSite(url: URL, siteUrl: string): boolean {
  return web.includes(url.protocol) && url.hostname === URL.parse(siteUrl)?.hostname
}

function isListed(asked: string, patterns: readonly string[]): boolean {
  const [withoutFragment = ''] = asked.split('#')
  return patterns.some((pattern) => toRegExp(pattern).test(withoutFragment))
}

/** `*` and `?` stop at `.` and `/`; `**` does not. */
function toRegExp(pattern: string): RegExp {
  const source = pattern.replaceAll(/\*\*+|\*|\?|[\\^$.+()[\]{}|/-]/g, (part) => {
    if (part === '*') return '[^./]*'
    if (part === '?') return '[^./]'
    return part.startsWith('**') ? '.*' : `\\${part}`
  })
  return new RegExp(`^${source}$`, 's')
}
