/** Where the window's files come from. Scheme and host stand here and nowhere else. */
export const windowScheme = 'app'
export const windowHost = 'signalbox'
export const windowOrigin = `${windowScheme}://${windowHost}`
export const windowUrl = `${windowOrigin}/index.html`
