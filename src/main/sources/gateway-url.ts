/** An address below the gateway's own path; ids must be encoded already. */
export function httpUrl(gatewayUrl: string, path: string): string {
  const base = gatewayUrl.endsWith('/') ? gatewayUrl : `${gatewayUrl}/`
  return new URL(path.replace(/^\//, ''), base).href
}

/** The same over ws or wss. */
export function socketUrl(gatewayUrl: string, path: string): string {
  return httpUrl(gatewayUrl, path).replace(/^http/, 'ws')
}

/** One path segment, whatever the id holds (F62). */
export const segment = (id: string): string => encodeURIComponent(id)
