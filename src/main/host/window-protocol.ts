// Serves the built window from disk under our own scheme, with its security headers. It knows no
// other folder and no network.
import { readFile } from 'node:fs/promises'
import { extname, isAbsolute, relative, resolve } from 'node:path'
import { windowHost } from './origin.ts'

/** The window has no network at all: every wire ends in main. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const securityHeaders = {
  'Content-Security-Policy': contentSecurityPolicy,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cache-Control': 'no-cache',
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
}

/** Answers requests for files below `root`; anything else is a 404. */
export function serveWindowFiles(root: string): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return empty(405)
    const path = pathBelow(root, request.url)
    const contentType = path === null ? undefined : contentTypes[extname(path)]
    if (path === null || contentType === undefined) return empty(404)
    try {
      const body = await readFile(path)
      const headers = { ...securityHeaders, 'Content-Type': contentType }
      return new Response(request.method === 'HEAD' ? null : new Uint8Array(body), { headers })
    } catch {
      return empty(404)
    }
  }
}

/** The file that a URL names, or null when it would leave the folder or names another host. */
function pathBelow(root: string, address: string): string | null {
  if (!URL.canParse(address)) return null
  const url = new URL(address)
  if (url.host !== windowHost) return null
  const name = decoded(url.pathname)
  if (name === null || name.includes('\0') || name.includes('\\')) return null
  const path = resolve(root, `.${name === '/' ? '/index.html' : name}`)
  const below = relative(root, path)
  return below !== '' && !below.startsWith('..') && !isAbsolute(below) ? path : null
}

function decoded(pathname: string): string | null {
  try {
    return decodeURIComponent(pathname)
  } catch {
    return null
  }
}

const empty = (status: number): Response => new Response(null, { status, headers: securityHeaders })
