import type { PreferenceStore, ThemeChoice } from './preferences.ts'

export type Theme = 'light' | 'dark' | 'contrast'

/** The operator's choice, or what the system asks for. */
export function resolveTheme(
  choice: ThemeChoice,
  system: { readonly dark: boolean; readonly moreContrast: boolean },
): Theme {
  if (choice !== 'system') return choice
  if (system.moreContrast) return 'contrast'
  return system.dark ? 'dark' : 'light'
}

/** Keeps the document in step with the choice and with the system. */
export function followTheme(preferences: PreferenceStore): void {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const contrast = matchMedia('(prefers-contrast: more)')
  const apply = (): void => {
    const { theme, density } = preferences.view()
    const system = { dark: dark.matches, moreContrast: contrast.matches }
    document.documentElement.dataset.theme = resolveTheme(theme, system)
    document.documentElement.dataset.density = density
  }
  preferences.subscribe(apply)
  dark.addEventListener('change', apply)
  contrast.addEventListener('change', apply)
  apply()
}
