import { homedir, tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** `app.getPath` and `app.setPath`, by Electron's names. */
export class Paths {
  readonly #set = new Map<string, string>()
  readonly #appName: () => string

  constructor(appName: () => string, userData: string | null) {
    this.#appName = appName
    if (userData !== null) this.#set.set('userData', userData)
  }

  set(name: string, path: string): void {
    if (!isAbsolute(path)) throw new Error('Path must be absolute')
    this.get(name)
    this.#set.set(name, path)
  }

  get(name: string): string {
    return this.#set.get(name) ?? this.#standard(name)
  }

  #standard(name: string): string {
    const home = homedir()
    switch (name) {
      case 'home':
        return home
      case 'appData':
        return process.env.XDG_CONFIG_HOME ?? join(home, '.config')
      case 'userData':
        return join(this.get('appData'), this.#appName())
      case 'sessionData':
        return this.get('userData')
      case 'logs':
        return join(this.get('userData'), 'logs')
      case 'crashDumps':
        return join(this.get('userData'), 'Crashpad')
      case 'temp':
        return tmpdir()
      case 'exe':
      case 'module':
        return process.execPath
      case 'desktop':
        return join(home, 'Desktop')
      case 'documents':
        return join(home, 'Documents')
      case 'downloads':
        return join(home, 'Downloads')
      default:
        throw new Error(`Failed to get '${name}' path`)
    }
  }
}
