/** The table that Realtime and polling read, while its names are typed. */
import type { JobTable, ProfileInput } from '../../shared/profile.ts'

export type ColumnName = keyof JobTable['columns']
export type TableField = 'table.schema' | 'table.table' | `column.${ColumnName}`

export interface TableDraft {
  readonly schema: string
  readonly table: string
  /** Empty where the table has no such column. */
  readonly columns: Readonly<Record<ColumnName, string>>
}

/** As `jobTableSchema` has it; a test holds the two together. */
export const usualTable: TableDraft = {
  schema: 'public',
  table: 'translation_jobs',
  columns: {
    id: 'id',
    tenantId: 'tenant_id',
    updatedAt: 'updated_at',
    status: 'status',
    name: 'name',
    kind: '',
    progress: 'progress',
    step: '',
    counters: '',
    message: 'message',
    attempt: 'attempt',
    seq: '',
    createdAt: 'created_at',
    startedAt: 'started_at',
    finishedAt: 'completed_at',
    error: 'error',
  },
}

/** What each column tells of a job. */
export const columnWords = {
  id: 'Id',
  tenantId: 'Tenant',
  updatedAt: 'Changed at',
  status: 'Status',
  name: 'Name',
  kind: 'Kind',
  progress: 'Progress',
  step: 'Step',
  counters: 'Counters',
  message: 'Message',
  attempt: 'Attempt',
  seq: 'Change number',
  createdAt: 'Created at',
  startedAt: 'Started at',
  finishedAt: 'Ended at',
  error: 'Error',
} satisfies Record<ColumnName, string>

export const columnNames = Object.keys(columnWords) as ColumnName[]

const required: ReadonlySet<ColumnName> = new Set(['id', 'tenantId', 'updatedAt', 'status'])
export const isRequired = (name: ColumnName): boolean => required.has(name)

const isPlain = (name: string): boolean => /^[a-z_][a-z0-9_]{0,62}$/.test(name)

const plainRule =
  'has to be a plain name: lower-case letters, digits and "_", not a digit first, at most 63. Whatever needs quotes can be given such a name in a view.'

/** What is wrong with one name, said with what it is the name of. */
function nameError(what: string, typed: string, optional: boolean): string | undefined {
  const name = typed.trim()
  if (name === '' && optional) return undefined
  if (name === '') return `${what} is needed. Type the name that it has in the database.`
  return isPlain(name) ? undefined : `${what} ${plainRule}`
}

export function tableErrors(draft: TableDraft): Partial<Record<TableField, string>> {
  const found: [TableField, string | undefined][] = [
    ['table.schema', nameError('The schema', draft.schema, false)],
    ['table.table', nameError('The table', draft.table, false)],
    ...columnNames.map((name): [TableField, string | undefined] => {
      const what = `The column for "${columnWords[name]}"`
      return [`column.${name}`, nameError(what, draft.columns[name], !isRequired(name))]
    }),
  ]
  return Object.fromEntries(found.filter(([, error]) => error !== undefined))
}

export function tableFrom({ schema, table, columns }: TableDraft): ProfileInput['jobTable'] {
  const { id, tenantId, updatedAt, status, ...optional } = columns
  const given = Object.entries(optional).map(([name, typed]) => [name, typed.trim() || null])
  return {
    schema: schema.trim(),
    table: table.trim(),
    columns: {
      id: id.trim(),
      tenantId: tenantId.trim(),
      updatedAt: updatedAt.trim(),
      status: status.trim(),
      ...(Object.fromEntries(given) as Record<string, string | null>),
    },
  }
}
