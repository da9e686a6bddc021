import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import {
  postgresChangesFilter as filter,
  RealtimeChannel,
  RealtimeClient,
  RealtimePostgresFilterBuilder,
} from '@supabase/realtime-js'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startTestBackend, type TestBackend } from '../support/backend.ts'
import { realtimeCases } from '../support/method-cases-realtime.ts'
import { RealtimeDesk } from '../support/method-desk-realtime.ts'
import { outcomeOf } from '../support/method-outcome.ts'
import { hiddenNames, methodsOf, readMethodTable } from '../support/method-table.ts'

const jwtSecret = 'a secret of the tests alone, 32 bytes long'
const rows = readMethodTable('realtime-js')
const filterRows = readMethodTable('filters of realtime-js')
const types = dirname(createRequire(import.meta.url).resolve('@supabase/realtime-js'))
let backend: TestBackend
let desk: RealtimeDesk

beforeAll(async () => {
  backend = await startTestBackend({
    idle: true,
    auth: { jwtSecret },
    realtime: { limits: { joinErrorDelayMs: 0, handshakeDelayMs: 0 } },
  })
  await backend.database.query(`
    create table public.steps (id int primary key, name text, done bool, turn int default 0);
    insert into public.steps values (1, 'Load', true), (2, 'sort', false), (3, null, null), (9, null, null);
    alter publication supabase_realtime add table public.steps;
  `)
})
afterEach(() => desk.dispose())
afterAll(() => backend.stop())

/** The public methods of a class, as the table names them. */
function named(prefix: string, { prototype, name }: { prototype: object; name: string }) {
  const hidden = hiddenNames(join(types, `${name}.d.ts`))
  return methodsOf(prototype, hidden).map((method) => `${prefix}.${method}`)
}

const filters: Record<string, [RealtimePostgresFilterBuilder | string, number[]]> = {
  'filter.eq': [filter().eq('id', 1), [1]],
  'filter.neq': [filter().neq('id', 1).lt('id', 9), [2, 3]],
  'filter.gt': [filter().gt('id', 2).lt('id', 9), [3]],
  'filter.gte': [filter().gte('id', 2).lt('id', 9), [2, 3]],
  'filter.lt': [filter().lt('id', 2), [1]],
  'filter.lte': [filter().lte('id', 2), [1, 2]],
  'filter.in': [filter().in('id', [1, 3]), [1, 3]],
  'filter.like': [filter().like('name', 'L%'), [1]],
  'filter.ilike': [filter().ilike('name', 'S%'), [2]],
  'filter.match': [filter().match('name', '^L'), [1]],
  'filter.imatch': [filter().imatch('name', '^S'), [2]],
  'filter.is': [filter().is('done', true), [1]],
  'filter.isDistinct': [filter().isDistinct('name', 'Load').lt('id', 9), [2, 3]],
  'filter.not': [filter().not('id', 'in', [1, 9]), [2, 3]],
  'filter.build': [filter().eq('id', 2).build(), [2]],
  'filter.toString': [filter().eq('id', 2).toString(), [2]],
}

describe.each(['1.0.0', '2.0.0'])('realtime-js on its own, vsn %s', (vsn) => {
  it('has a row in the table for every public method, and no other', () => {
    desk = new RealtimeDesk({ backend, vsn, jwtSecret })
    const methods = [
      ...named('client', RealtimeClient),
      ...named('channel', RealtimeChannel),
    ].sort()
    expect(rows.map(({ method }) => method).sort()).toEqual(methods)
    expect(Object.keys(realtimeCases).sort()).toEqual(methods)
    const operators = named('filter', RealtimePostgresFilterBuilder)
    expect(filterRows.map(({ method }) => method).sort()).toEqual(operators)
    expect(Object.keys(filters).sort()).toEqual(operators)
  })

  it.each(rows.map(({ method, outcome }) => [method, outcome]))('%s: %s', async (method, said) => {
    desk = new RealtimeDesk({ backend, vsn, jwtSecret })
    const call = await realtimeCases[method]!(desk)
    expect(await outcomeOf(desk, call)).toBe(said)
  })

  it.each(filterRows.map(({ method, outcome }) => [method, outcome]))(
    '%s: %s',
    async (method, said) => {
      desk = new RealtimeDesk({ backend, vsn, jwtSecret })
      const [asked, ids] = filters[method]!
      const call = async () => expect(await desk.idsThrough(asked)).toEqual(ids)
      expect(await outcomeOf(desk, call)).toBe(said)
    },
  )
})
