import { EventEmitter } from 'node:events'

export type ThemeSource = 'system' | 'light' | 'dark'

/** `nativeTheme`; pages follow it through CSS media emulation. */
export class Theme extends EventEmitter {
  #source: ThemeSource = 'system'
  #systemDark = false
  readonly shouldUseHighContrastColors = false
  readonly shouldUseInvertedColorScheme = false
  readonly prefersReducedTransparency = false
  readonly inForcedColorsMode = false

  get themeSource(): ThemeSource {
    return this.#source
  }

  set themeSource(source: ThemeSource) {
    if (source === this.#source) return
    this.#source = source
    this.emit('changed')
    this.emit('updated')
  }

  get shouldUseDarkColors(): boolean {
    return this.#source === 'system' ? this.#systemDark : this.#source === 'dark'
  }

  /** A page saw what the system prefers. */
  learn(dark: boolean): void {
    if (this.#source !== 'system' || dark === this.#systemDark) return
    this.#systemDark = dark
    this.emit('updated')
  }

  /** The media feature that makes a page follow; empty leaves the system's choice. */
  get feature(): { name: string; value: string } {
    return { name: 'prefers-color-scheme', value: this.#source === 'system' ? '' : this.#source }
  }
}
