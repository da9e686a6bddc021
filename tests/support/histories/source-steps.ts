import fc from 'fast-check'
import type { Asking, Dialling, Garbling } from './net.ts'
import { anyTurn } from './truth.ts'
import type { Turn } from './truth.ts'

export type Step =
  | { readonly do: 'turn' | 'elsewhere'; readonly id: string; readonly turn: Turn }
  | { readonly do: 'remove' | 'trespass'; readonly id: string }
  | { readonly do: 'dials'; readonly go: Dialling }
  | { readonly do: 'requests'; readonly go: Asking }
  | { readonly do: 'garble'; readonly next: Garbling }
  | { readonly do: 'cut'; readonly nth: number }
  | { readonly do: 'cut all' | 'mute' | 'restart' | 'renew' | 'wake' | 'no token' | 'token' }
  | { readonly do: 'pass' | 'jump'; readonly ms: number }

const jobIds = ['a', 'b', 'c', 'd']
const diallings: Dialling[] = [
  'well',
  'well',
  'refused',
  'silent',
  'busy',
  'too many',
  'unauthorised',
]
const askings: Asking[] = ['well', 'slow', 'silent', 'unreachable', 'failing']
const garblings: Garbling[] = ['lost', 'doubled', 'swapped']
const passes = [1, 100, 800, 1_500, 4_000, 13_000]

const id = fc.constantFrom(...jobIds)
const often = (weight: number, ...steps: Step[]) => ({
  weight,
  arbitrary: fc.constantFrom(...steps),
})
const turns = (weight: number, what: 'turn' | 'elsewhere') => ({
  weight,
  arbitrary: fc.record({ id, turn: anyTurn }).map((one): Step => ({ do: what, ...one })),
})
const ofAJob = (weight: number, what: 'remove' | 'trespass') => ({
  weight,
  arbitrary: id.map((one): Step => ({ do: what, id: one })),
})

export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  turns(24, 'turn'),
  turns(2, 'elsewhere'),
  ofAJob(2, 'remove'),
  ofAJob(1, 'trespass'),
  often(5, ...diallings.map((go): Step => ({ do: 'dials', go }))),
  often(5, ...askings.map((go): Step => ({ do: 'requests', go }))),
  often(4, ...garblings.map((next): Step => ({ do: 'garble', next }))),
  { weight: 4, arbitrary: fc.nat(5).map((nth): Step => ({ do: 'cut', nth })) },
  often(5, { do: 'cut all' }, { do: 'mute' }, { do: 'restart' }, { do: 'wake' }),
  often(3, { do: 'renew' }, { do: 'renew' }, { do: 'token' }, { do: 'no token' }),
  often(14, ...passes.map((ms): Step => ({ do: 'pass', ms }))),
  often(1, { do: 'jump', ms: 3_600_000 }),
)
