import { z } from 'zod'
import type { Files } from '../ports.ts'

const fileName = 'window.json'
const boundsSchema = z.object({ x: z.int(), y: z.int(), width: z.int(), height: z.int() })
export type Bounds = z.infer<typeof boundsSchema>

export const smallest = { width: 720, height: 480 } as const
const usual = { width: 1_280, height: 800 } as const

/** Where the window stood last, if that is still on a screen; else its usual size, unplaced. */
export async function readBounds(
  files: Files,
  screens: readonly Bounds[],
): Promise<Partial<Bounds> & Pick<Bounds, 'width' | 'height'>> {
  const kept = boundsSchema.safeParse(parsed(await files.read(fileName).catch(() => null)))
  if (!kept.success) return usual
  const { x, y } = kept.data
  const width = Math.max(smallest.width, kept.data.width)
  const height = Math.max(smallest.height, kept.data.height)
  // The title bar must be reachable: its middle has to lie on some screen.
  const middle = x + width / 2
  const onScreen = screens.some(
    (screen) =>
      middle >= screen.x &&
      middle <= screen.x + screen.width &&
      y >= screen.y &&
      y <= screen.y + screen.height - 40,
  )
  return onScreen ? { x, y, width, height } : { width, height }
}

/** How far a window stands from the one that it was opened beside, in both directions. */
const stepPx = 32

/** As large as another window and a step below it; back at the corner where the screen ends. */
export function cascade(beside: Bounds, screens: readonly Bounds[]): Bounds {
  const { width, height } = beside
  const x = beside.x + stepPx
  const y = beside.y + stepPx
  const screen = screens.find(
    (each) =>
      beside.x < each.x + each.width &&
      beside.x + width > each.x &&
      beside.y < each.y + each.height &&
      beside.y + height > each.y,
  )
  if (screen === undefined) return { x, y, width, height }
  const fits = x + width <= screen.x + screen.width && y + height <= screen.y + screen.height
  return fits ? { x, y, width, height } : { x: screen.x, y: screen.y, width, height }
}

export async function writeBounds(files: Files, bounds: Bounds): Promise<void> {
  await files.write(fileName, JSON.stringify(bounds))
}

function parsed(text: string | null): unknown {
  if (text === null) return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
