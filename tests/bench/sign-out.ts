import { setTimeout as pause } from 'node:timers/promises'
import { OtherEnd } from '../soak/other-end.ts'
import { percentile, spread } from './percentiles.ts'
import { signOutStates } from './sign-out-states.ts'
import type { SignOutState } from './sign-out-states.ts'
import { SignOutWorld } from './sign-out-world.ts'
import type { SignedOut, SignOutServer } from './sign-out-world.ts'

const rounds = 6
/** Most of the time of a sign-out that is late is waiting: some go on beside each other. */
const besides = 4
const usualMs = 100
const isLate = 200
const mostMs = 1_000

interface Taken extends SignedOut {
  readonly state: string
}

async function signOutOnce(server: SignOutServer, state: SignOutState): Promise<Taken> {
  const { name, sources = ['stream'], before, strike, forMs = usualMs } = state
  const world = await SignOutWorld.open(server, sources)
  try {
    before?.(world)
    await world.enter()
    if (before === undefined) await world.live()
    strike?.(world)
    if (forMs > 0) await pause(forMs)
    return { state: name, ...(await world.signOut()) }
  } finally {
    await world.close()
  }
}

/** From the operator's word to the receipt, in as many places as a console can be. */
export async function benchSignOut(): Promise<string[]> {
  const otherEnd = await OtherEnd.start()
  const taken: Taken[] = []
  try {
    await otherEnd.drive()
    // What is compiled at the first use is nobody's share.
    for (const state of signOutStates.slice(0, 6)) await signOutOnce(otherEnd.ready, state)
    const due = Array.from({ length: rounds }, () => signOutStates).flat()
    const work = async (): Promise<void> => {
      for (let state = due.pop(); state !== undefined; state = due.pop()) {
        taken.push(await signOutOnce(otherEnd.ready, state))
      }
    }
    await Promise.all(Array.from({ length: besides }, work))
  } finally {
    await otherEnd.close()
  }
  return linesOf(taken)
}

function linesOf(taken: readonly Taken[]): string[] {
  const slowest = taken.toSorted((a, b) => b.tookMs - a.tookMs)
  const beyond = taken.filter(({ tookMs }) => tookMs > mostMs).length
  const empty = taken.flatMap(({ emptyMs }) => (emptyMs === null ? [] : [emptyMs]))
  const medians = signOutStates.map(({ name }) => {
    const times = taken.filter(({ state }) => state === name).map(({ tookMs }) => tookMs)
    return { name, medianMs: percentile(times, 0.5) }
  })
  const late = medians
    .filter(({ medianMs }) => medianMs > isLate)
    .toSorted((a, b) => b.medianMs - a.medianMs)
  const within = medians.filter(({ medianMs }) => medianMs <= isLate)
  const inTime = taken.filter(({ state }) => within.some(({ name }) => name === state))
  return [
    `${taken.length} sign-outs in ${signOutStates.length} states`,
    `to nothing left on this computer, ms ${spread(empty)}   (aim p95 at most 200, p100 at most 1,000; in ${taken.length - empty.length} keychain or disk kept something)`,
    `to the receipt, ms                   ${spread(taken.map(({ tookMs }) => tookMs))}   (aim p100 at most 1,000; a silent server is given 700)`,
    `above ${mostMs} ms: ${beyond}; worst: ${slowest[0]?.state ?? 'none'}, ${slowest[0]?.tookMs.toFixed(0) ?? '?'} ms, in which this process was held up for ${slowest[0]?.heldUpMs.toFixed(0) ?? '?'} ms at most`,
    `states with a median up to ${isLate} ms: ${within.length}, ${spread(inTime.map(({ tookMs }) => tookMs))}`,
    `states with a median above: ${late.length}`,
    ...late.map(({ name, medianMs }) => `  ${medianMs.toFixed(0).padStart(4)}  ${name}`),
  ]
}
