import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const tokens = readFileSync('src/renderer/ui/tokens.css', 'utf8')

type Palette = Readonly<Record<string, string>>

/** The custom properties of one rule of tokens.css; the first with that selector. */
function palette(selector: string): Palette {
  const at = tokens.indexOf(`${selector} {`)
  expect(at, `${selector} is in tokens.css`).toBeGreaterThanOrEqual(0)
  const body = tokens.slice(at, tokens.indexOf('}', at))
  return Object.fromEntries(
    [...body.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  )
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return channel <= 0.03928 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** WCAG 2 contrast ratio, 1 to 21. */
function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (light + 0.05) / (dark + 0.05)
}

const grounds = ['bg', 'panel', 'raised', 'hover', 'selected']
const texts = ['text', 'muted', 'faint', 'accent', 'move', 'clear', 'caution', 'danger', 'idle']

/** Pairs beside the plain grounds: badges, chips, banners, buttons, the count in the rail. */
const pairs = [
  ['on-accent', 'accent'],
  ['accent', 'move-track'],
  ['danger', 'danger-track'],
  ['caution', 'caution-track'],
  ['clear', 'clear-track'],
  ['text', 'caution-track'],
  ['text', 'danger-track'],
  ['muted', 'idle-track'],
  ['bg', 'danger'],
] as const

const themes = [
  ['dark', ':root'],
  ['light', ":root[data-theme='light']"],
  ['high contrast', ":root[data-theme='contrast']"],
] as const

describe.each(themes)('in the %s theme', (name, selector) => {
  const colours = palette(selector)
  const least = name === 'high contrast' ? 7 : 4.5
  const check = (front: string, ground: string, ratio: number): void => {
    const a = colours[front]
    const b = colours[ground]
    expect(a, `--${front} is set`).toBeDefined()
    expect(b, `--${ground} is set`).toBeDefined()
    expect(contrast(a ?? '', b ?? ''), `${front} on ${ground}`).toBeGreaterThanOrEqual(ratio)
  }

  it.each(grounds)('every text and signal colour can be read on %s', (ground) => {
    for (const text of texts) check(text, ground, least)
  })

  it.each(pairs)('%s can be read on %s', (front, ground) => {
    check(front, ground, 4.5)
  })
})

it('knows the contrast of black and white', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21)
})
