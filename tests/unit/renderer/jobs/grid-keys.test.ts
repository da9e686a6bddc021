import { describe, expect, it } from 'vitest'
import { gridAct } from '../../../../src/renderer/jobs/grid-keys.ts'
import type { ListItem } from '../../../../src/renderer/jobs/order.ts'
import { headBefore } from '../../../../src/renderer/jobs/use-virtual-lines.ts'

const head = (tenantId: string, open = true): ListItem => ({
  kind: 'group',
  key: `group ${tenantId}`,
  tenantId,
  open,
})
const row = (key: string, tenantId: string): ListItem => ({ kind: 'row', key, tenantId })
const items = [head('1'), row('a', '1'), row('b', '1'), head('2', false)]

const press = (key: string, active: number) => gridAct(key, { items, active, pageSize: 10 })

describe('a key on the list', () => {
  it.each([
    ['ArrowDown', -1, { kind: 'move', to: 0 }],
    ['ArrowDown', 3, { kind: 'move', to: 3 }],
    ['ArrowUp', 1, { kind: 'move', to: 0 }],
    ['ArrowUp', -1, { kind: 'move', to: 3 }],
    ['PageDown', 0, { kind: 'move', to: 3 }],
    ['PageUp', 2, { kind: 'move', to: 0 }],
    ['Home', 2, { kind: 'move', to: 0 }],
    ['End', 0, { kind: 'move', to: 3 }],
    ['Enter', 1, { kind: 'open', key: 'a' }],
    ['Enter', 0, { kind: 'fold', tenantId: '1', folded: true }],
    ['ArrowLeft', 2, { kind: 'move', to: 0 }],
    ['ArrowLeft', 0, { kind: 'fold', tenantId: '1', folded: true }],
    ['ArrowRight', 0, { kind: 'move', to: 1 }],
    ['ArrowRight', 3, { kind: 'fold', tenantId: '2', folded: false }],
    ['ArrowRight', 1, null],
    ['Escape', 1, { kind: 'close' }],
    ['x', 1, null],
  ])('%s at line %i means %j', (key, active, act) => {
    expect(press(key, active)).toEqual(act)
  })
})

it('means nothing on an empty list', () => {
  expect(gridAct('ArrowDown', { items: [], active: -1, pageSize: 1 })).toBeNull()
})

it('finds the head that belongs to what is on top', () => {
  expect(headBefore(items, 2)).toBe(0)
  expect(headBefore(items, 3)).toBe(3)
  expect(headBefore([], 0)).toBe(-1)
})
