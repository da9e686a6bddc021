import { readFile } from 'node:fs/promises'

/** One message that crossed the wall, as `--ipc-trace FILE` writes it. */
export interface TappedMessage {
  readonly at: string
  /** `in`: the window said it; `out`: main did. */
  readonly way: 'in' | 'out'
  /** A call and its answer share a number; events have none. */
  readonly call?: number
  readonly channel: string
  readonly windowId: number | null
  readonly trusted?: boolean
  readonly body?: unknown
}

/** Everything that crossed so far; a line that is just being written is left for the next look. */
export async function readIpcTap(path: string): Promise<TappedMessage[]> {
  const text = await readFile(path, 'utf8')
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TappedMessage)
}
