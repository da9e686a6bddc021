import { setTimeout as pause } from 'node:timers/promises'
import { heapBytes } from '../bench/heap.ts'
import { mendConsole, soakFaults } from './faults.ts'
import { differences } from './judge.ts'
import { OtherEnd } from './other-end.ts'
import { slopeAnHour, type Reading } from './slope.ts'
import { SoakConsole } from './soak-console.ts'

export interface SoakOptions {
  readonly durationMs: number
  readonly say: (text: string) => void
}

export interface SoakReport {
  readonly faults: number
  /** Moments of rest at which every workspace was held against the server. */
  readonly quietPoints: number
  /** Jobs held against what a workspace had of them, over all quiet points. */
  readonly compared: number
  /** What was still different when the time for it was over, and sessions that ended unasked. */
  readonly problems: readonly string[]
  readonly batches: number
  /** Open handles of this process before the console was opened, and after it was closed. */
  readonly handles: { readonly before: string; readonly after: string }
  /** What is left by the receipts and the clock. */
  readonly left: number
  readonly slowestQuietMs: number
  /** Bytes an hour of what is really held, after warm-up; null when there were too few readings. */
  readonly heapSlope: number | null
}

const faultEveryMs = 3_000
const faultsBetweenQuiet = 6
/** A source may wait for its next dial, a token for its renewal, a portal for its next look. */
const quietWithinMs = 45_000

/** Random faults on five sources; at every quiet point the store has to be what the server has. */
export async function runSoak({ durationMs, say }: SoakOptions): Promise<SoakReport> {
  const otherEnd = await OtherEnd.start()
  say('the backend is up')
  const before = handles()
  const console = new SoakConsole(otherEnd.ready)
  const readings: Reading[] = []
  const problems: string[] = []
  const beganMs = performance.now()
  let faults = 0
  let quietPoints = 0
  let slowestQuietMs = 0
  let compared = 0
  await console.open()
  while (performance.now() - beganMs < durationMs) {
    await otherEnd.drive()
    for (let each = 0; each < faultsBetweenQuiet; each += 1) {
      const fault = soakFaults[Math.floor(Math.random() * soakFaults.length)]
      mendConsole(console)
      await otherEnd.strike(fault?.name ?? '')
      fault?.console?.(console)
      faults += 1
      await pause(faultEveryMs)
    }
    await otherEnd.rest()
    mendConsole(console)
    await otherEnd.mend()
    await console.retry()
    const quiet = await becomesQuiet(otherEnd, console)
    quietPoints += 1
    compared += quiet.compared
    slowestQuietMs = Math.max(slowestQuietMs, quiet.tookMs)
    problems.push(...quiet.left)
    // What is still being dialled for one job is there a little later.
    const open = await settledHandles(readings.at(-1)?.handles ?? '')
    const atMs = performance.now() - beganMs
    readings.push({ atMs, handles: open, bytes: heapBytes() })
    const { last, tookMs } = quiet
    say(`${faults} faults, quiet after ${(tookMs / 1_000).toFixed(1)} s, last of all: ${last}`)
    if (quiet.left.length > 0) break
  }
  const receipts = await console.signOut()
  await console.close()
  const after = await settledHandles(before)
  await otherEnd.close()
  const unasked = console.endings.map(({ reason }) => `a session ended unasked: ${reason ?? ''}`)
  const lines = receipts.flatMap((receipt) => receipt.lines.map(({ left }) => left))
  return {
    faults,
    quietPoints,
    compared,
    problems: [...problems, ...unasked],
    batches: console.batches,
    handles: { before, after },
    left: lines.reduce((sum, left) => sum + left, console.clock.armed),
    slowestQuietMs,
    heapSlope: slopeAnHour(readings),
  }
}

interface Quiet {
  readonly tookMs: number
  /** What is different still. */
  readonly left: readonly string[]
  /** What was different the longest. */
  readonly last: string
  readonly compared: number
}

async function becomesQuiet(otherEnd: OtherEnd, console: SoakConsole): Promise<Quiet> {
  const beganMs = performance.now()
  let last = 'nothing'
  for (;;) {
    const server = await otherEnd.state()
    const left = differences(server, console.watched, console.views)
    const tookMs = performance.now() - beganMs
    if (left.length === 0 || tookMs > quietWithinMs) {
      const compared = server.length * console.watched.length
      return { tookMs, left: left.slice(0, 10), last, compared }
    }
    last = left[0] ?? last
    await pause(100)
  }
}

/** Node opens these when they are first used; they are not the console's. */
const streams = (): unknown[] => [process.stdin, process.stdout, process.stderr]

/** Kinds and numbers, without those that Node opens and closes as it likes. */
function handles(): string {
  streams()
  const kinds = process
    .getActiveResourcesInfo()
    .filter(
      (kind) => !['Timeout', 'Immediate', 'FSReqPromise', 'GetAddrInfoReqWrap'].includes(kind),
    )
  const counted = Map.groupBy(kinds, (kind) => kind)
  return [...counted]
    .map(([kind, { length }]) => `${kind} ${length}`)
    .sort()
    .join(', ')
}

/** What was closed is gone a few turns later. */
async function settledHandles(wanted: string): Promise<string> {
  for (let turn = 0; turn < 50 && handles() !== wanted; turn += 1) await pause(100)
  return handles()
}
