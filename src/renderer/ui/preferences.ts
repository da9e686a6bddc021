/**
 * How this operator likes the window: theme, density, pane width. The only things that the window
 * keeps on disk; nothing of a session may ever be added.
 */
import { Listeners } from './listeners.ts'

export const themeChoices = ['system', 'light', 'dark', 'contrast'] as const
export type ThemeChoice = (typeof themeChoices)[number]
export type Density = 'comfortable' | 'compact'

export interface Preferences {
  readonly theme: ThemeChoice
  readonly density: Density
  readonly paneWidth: number
}

const key = 'signalbox.window'
export const paneWidths = { least: 300, usual: 380, most: 640 } as const

const usual: Preferences = { theme: 'system', density: 'comfortable', paneWidth: paneWidths.usual }

/** Storage may be full, forbidden or edited by hand: whatever cannot be read is as usual. */
export function parsePreferences(text: string | null): Preferences {
  try {
    const found: unknown = JSON.parse(text ?? '{}')
    if (typeof found !== 'object' || found === null) return usual
    const { theme, density, paneWidth } = found as Record<string, unknown>
    return {
      theme: themeChoices.find((choice) => choice === theme) ?? usual.theme,
      density: density === 'compact' ? 'compact' : 'comfortable',
      paneWidth: typeof paneWidth === 'number' ? clampPane(paneWidth) : usual.paneWidth,
    }
  } catch {
    return usual
  }
}

export const clampPane = (width: number): number =>
  Math.round(Math.min(paneWidths.most, Math.max(paneWidths.least, width)))

export class PreferenceStore {
  readonly #listeners = new Listeners()
  readonly #storage: Pick<Storage, 'getItem' | 'setItem'>
  #value: Preferences

  constructor(storage: Pick<Storage, 'getItem' | 'setItem'>) {
    this.#storage = storage
    this.#value = parsePreferences(this.#read())
  }

  readonly view = (): Preferences => this.#value
  readonly subscribe = this.#listeners.subscribe

  change(changed: Partial<Preferences>): void {
    this.#value = { ...this.#value, ...changed }
    try {
      this.#storage.setItem(key, JSON.stringify(this.#value))
    } catch {
      // The choice then holds until the window closes.
    }
    this.#listeners.notify()
  }

  #read(): string | null {
    try {
      return this.#storage.getItem(key)
    } catch {
      return null
    }
  }
}
