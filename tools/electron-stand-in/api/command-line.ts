/** Switches of the app's own line that Chromium must see; all others are the app's business. */
const passedOn = [
  'no-sandbox',
  'remote-debugging-port',
  'force-device-scale-factor',
  'lang',
  'disable-features',
  'enable-features',
]

/** `app.commandLine`: what was given, and what the app or Playwright's loader appends. */
export class CommandLine {
  readonly #given = new Map<string, string>()
  readonly #appended = new Map<string, string>()

  constructor(args: readonly string[]) {
    for (const arg of args) {
      if (arg === '--') break
      const match = /^--([^=]+)(?:=(.*))?$/.exec(arg)
      if (match !== null) this.#given.set(match[1] ?? '', match[2] ?? '')
    }
  }

  appendSwitch(name: string, value = ''): void {
    this.#appended.set(name, value)
  }

  removeSwitch(name: string): void {
    this.#given.delete(name)
    this.#appended.delete(name)
  }

  hasSwitch(name: string): boolean {
    return this.#appended.has(name) || this.#given.has(name)
  }

  getSwitchValue(name: string): string {
    return this.#appended.get(name) ?? this.#given.get(name) ?? ''
  }

  forChromium(): string[] {
    const given = [...this.#given].filter(([name]) => passedOn.includes(name))
    return [...given, ...this.#appended].map(([name, value]) =>
      value === '' ? `--${name}` : `--${name}=${value}`,
    )
  }
}
