/** Where the window's files come from. Scheme and host stand here and nowhere else. */
export const windowScheme = 'app'
export const windowHost = 'signalbox'
const windowOrigin = `${windowScheme}://${windowHost}`

/** The page that the window loads, and the only origin that main listens to. */
export interface WindowAddress {
  readonly origin: string
  readonly url: string
}

/** The files that are shipped; a development server only where nothing is packaged. */
export function windowAddress(build: {
  readonly isPackaged: boolean
  readonly devServer: string | undefined
}): WindowAddress {
  const { isPackaged, devServer } = build
  if (!isPackaged && devServer !== undefined && URL.canParse(devServer)) {
    const { origin, href } = new URL(devServer)
    return { origin, url: href }
  }
  return { origin: windowOrigin, url: `${windowOrigin}/index.html` }
}
