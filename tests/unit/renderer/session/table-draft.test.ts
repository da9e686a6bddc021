import { describe, expect, it } from 'vitest'
import {
  columnNames,
  isRequired,
  tableErrors,
  tableFrom,
  usualTable,
} from '../../../../src/renderer/session/table-draft.ts'
import type { TableDraft } from '../../../../src/renderer/session/table-draft.ts'
import { jobTableSchema } from '../../../../src/shared/profile.ts'

const withColumns = (changed: Partial<TableDraft['columns']>): TableDraft => ({
  ...usualTable,
  columns: { ...usualTable.columns, ...changed },
})

it('begins with what the contract takes for granted', () => {
  const usual = jobTableSchema.parse({})
  expect(jobTableSchema.parse(tableFrom(usualTable))).toEqual(usual)
  expect([...columnNames].sort()).toEqual(Object.keys(usual.columns).sort())
})

it('asks for exactly the columns that the contract cannot do without', () => {
  for (const name of columnNames) {
    const without = { columns: { [name]: null } }
    expect(jobTableSchema.safeParse(without).success, name).toBe(!isRequired(name))
  }
})

describe('a name', () => {
  it.each([
    withColumns({ status: ' state ', kind: 'job_kind', name: '', error: '_error_1' }),
    { ...usualTable, schema: 'app', table: 'etl_runs' },
  ])('that is plain is accepted by the contract: %#', (draft) => {
    expect(tableErrors(draft)).toEqual({})
    expect(jobTableSchema.safeParse(tableFrom(draft)).success).toBe(true)
  })

  it.each([
    ['table.schema', { ...usualTable, schema: '' }],
    ['table.table', { ...usualTable, table: 'TranslationJobs' }],
    ['table.table', { ...usualTable, table: 'jobs"; drop table jobs' }],
    ['column.id', withColumns({ id: '' })],
    ['column.status', withColumns({ status: '1st' })],
    ['column.error', withColumns({ error: 'last error' })],
  ] as const)('that is not is told at %s', (field, draft) => {
    expect(Object.keys(tableErrors(draft))).toEqual([field])
    expect(jobTableSchema.safeParse(tableFrom(draft)).success).toBe(false)
  })

  it('is told with what it names and what to do', () => {
    expect(tableErrors(withColumns({ status: 'Status' }))['column.status']).toMatch(
      /^The column for "Status" has to be a plain name: .* in a view\.$/,
    )
    expect(tableErrors(withColumns({ id: ' ' }))['column.id']).toBe(
      'The column for "Id" is needed. Type the name that it has in the database.',
    )
  })
})
