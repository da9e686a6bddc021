import { expect, it } from 'vitest'
import {
  PreferenceStore,
  clampPane,
  parsePreferences,
} from '../../../../src/renderer/ui/preferences.ts'
import { resolveTheme } from '../../../../src/renderer/ui/theme.ts'

const usual = { theme: 'system', density: 'comfortable', paneWidth: 380 }

it.each([null, '', 'not json', '[]', 'null', '{"theme":"pink","paneWidth":"wide"}'])(
  'takes what is usual when %j was kept',
  (text) => {
    expect(parsePreferences(text)).toEqual(usual)
  },
)

it('keeps what was chosen, and the pane within its limits', () => {
  const kept = new Map<string, string>()
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  }
  new PreferenceStore(storage).change({ theme: 'contrast', paneWidth: clampPane(9_000) })
  expect(new PreferenceStore(storage).view()).toEqual({
    ...usual,
    theme: 'contrast',
    paneWidth: 640,
  })
})

it('goes on without storage', () => {
  const broken = {
    getItem: (): string | null => {
      throw new Error('denied')
    },
    setItem: (): void => {
      throw new Error('full')
    },
  }
  const store = new PreferenceStore(broken)
  store.change({ density: 'compact' })
  expect(store.view().density).toBe('compact')
})

it('follows the system unless the operator chose', () => {
  expect(resolveTheme('system', { dark: true, moreContrast: false })).toBe('dark')
  expect(resolveTheme('system', { dark: false, moreContrast: false })).toBe('light')
  expect(resolveTheme('system', { dark: false, moreContrast: true })).toBe('contrast')
  expect(resolveTheme('light', { dark: true, moreContrast: true })).toBe('light')
})
