import fc from 'fast-check'
import { anyTurn } from './truth.ts'
import type { Turn } from './truth.ts'

export const own = ['acme', 'globex'] as const
export type Own = (typeof own)[number]

const jobIds = ['a', 'b', 'both'] as const
/** One name is used by both tenants; the others by one. */
export const tenantOf = (id: string, tenant: Own): Own =>
  id === 'both' ? tenant : id === 'a' ? 'acme' : 'globex'

/**
 * Sources: sockets of single jobs (never of one that two tenants have), a stream, a list, and a poll,
 * which numbers nothing and tells only of what is now.
 */
export const ways = ['socket', 'stream', 'list', 'poll'] as const
export type Way = (typeof ways)[number]
type Repeating = Exclude<Way, 'poll'>

export type Step =
  | { readonly do: 'turn'; readonly tenant: Own; readonly id: string; readonly turn: Turn }
  /** The newest event, or any event ever, late or once more. */
  | { readonly do: 'tell' | 'replay'; readonly nth: number; readonly way: Repeating }
  /** What the server has now: by a poll, or by a list that takes its time. */
  | { readonly do: 'poll' | 'ask' | 'answer' }
  | { readonly do: 'remove'; readonly id: 'a' | 'b' }
  /** A source is lost, heard again, or proves that nothing was missed. */
  | { readonly do: 'lose' | 'hear' | 'confirm'; readonly way: Way }
  | { readonly do: 'doubt'; readonly id: string | null; readonly way: Way }
  | { readonly do: 'intrude'; readonly id: string; readonly way: Repeating }
  | { readonly do: 'garble'; readonly text: string }
  | { readonly do: 'pass' | 'jump'; readonly ms: number }
  | { readonly do: 'open' | 'acknowledge' | 'hide' | 'show' }
  | { readonly do: 'leave'; readonly tenant: Own }

const id = fc.constantFrom(...jobIds)
const way = fc.constantFrom(...ways)
const repeating = fc.constantFrom<Repeating>('socket', 'stream', 'list')
const garbled = [
  'not json',
  '{"type":"progress","__proto__":{"progress":99},"progress":-1}',
  '{"type":"snapshot","job":{"id":"a","tenant_id":"acme","tenant_id":"initech","seq":99}}',
  '{"type":"progress","job_id":"a","tenant_id":"acme","attempt":1,"seq":99,"progress":250}',
  '{"type":"progress","job_id":"a","tenant_id":"acme","attempt":1,"seq":1e999}',
  '[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]',
]
const plain = (weight: number, ...steps: Step[]) => ({
  weight,
  arbitrary: fc.constantFrom(...steps),
})
const told = (what: 'tell' | 'replay') =>
  fc.record({ nth: fc.nat(60), way: repeating }).map((at): Step => ({ do: what, ...at }))

export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 24,
    arbitrary: fc
      .record({ tenant: fc.constantFrom(...own), id, turn: anyTurn })
      .map((step): Step => ({ do: 'turn', ...step })),
  },
  { weight: 12, arbitrary: told('tell') },
  { weight: 12, arbitrary: told('replay') },
  plain(12, { do: 'poll' }, { do: 'ask' }, { do: 'answer' }),
  {
    weight: 6,
    arbitrary: fc
      .record({ do: fc.constantFrom('lose' as const, 'hear' as const, 'confirm' as const), way })
      .map((step): Step => step),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({ id: fc.option(id), way })
      .map((what): Step => ({ do: 'doubt', ...what })),
  },
  {
    weight: 3,
    arbitrary: fc.record({ id, way: repeating }).map((at): Step => ({ do: 'intrude', ...at })),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(...garbled).map((text): Step => ({ do: 'garble', text })),
  },
  {
    weight: 8,
    arbitrary: fc
      .constantFrom(1, 20, 100, 2_000, 6_000, 70_000)
      .map((ms): Step => ({ do: 'pass', ms })),
  },
  plain(1, { do: 'jump', ms: 3_600_000 }),
  plain(10, { do: 'open' }, { do: 'acknowledge' }, { do: 'acknowledge' }, { do: 'acknowledge' }),
  plain(2, { do: 'hide' }, { do: 'show' }),
  plain(1, { do: 'leave', tenant: 'acme' }, { do: 'leave', tenant: 'globex' }),
  plain(3, { do: 'remove', id: 'a' }, { do: 'remove', id: 'b' }),
)
