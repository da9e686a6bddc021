import { exposedSchema, type Column, type Schema, type Table } from './schema.ts'

/** What the root tells a server that holds the secret key: tables, columns, functions. */
export function describeSchema({ tables, routines }: Schema): object {
  const paths: [string, object][] = [
    ...[...tables.values()].map(({ name }): [string, object] => [`/${name}`, tablePath(name)]),
    ...[...routines.keys()].map((name): [string, object] => [
      `/rpc/${name}`,
      { post: { tags: [`(rpc) ${name}`], responses: { 200: { description: 'OK' } } } },
    ]),
  ]
  return {
    swagger: '2.0',
    info: { title: `${exposedSchema} schema`, description: '', version: '1' },
    basePath: '/',
    schemes: ['http'],
    consumes: ['application/json'],
    produces: ['application/json', 'application/vnd.pgrst.object+json', 'text/csv'],
    paths: Object.fromEntries(paths),
    definitions: Object.fromEntries(
      [...tables.values()].map((table) => [table.name, definition(table)]),
    ),
  }
}

function tablePath(name: string): object {
  const verb = (status: number): object => ({
    tags: [name],
    responses: { [status]: { description: status === 201 ? 'Created' : 'OK' } },
  })
  return { get: verb(200), post: verb(201), patch: verb(200), delete: verb(200) }
}

function definition({ columns, primaryKey }: Table): object {
  const all = [...columns.values()]
  return {
    type: 'object',
    required: all.filter(({ nullable }) => !nullable).map(({ name }) => name),
    properties: Object.fromEntries(
      all.map((column) => [column.name, property(column, primaryKey)]),
    ),
  }
}

const jsonTypes: readonly (readonly [RegExp, string])[] = [
  [/\[\]$/, 'array'],
  [/^(?:smallint|integer|bigint)$/, 'integer'],
  [/^(?:numeric|real|double precision)/, 'number'],
  [/^boolean$/, 'boolean'],
  [/^jsonb?$/, 'object'],
]

function property({ name, type }: Column, primaryKey: readonly string[]): object {
  const json = jsonTypes.find(([pattern]) => pattern.test(type))?.[1] ?? 'string'
  const description = primaryKey.includes(name) ? 'Note:\nThis is a Primary Key.<pk/>' : undefined
  return { type: json, format: type, ...(description === undefined ? {} : { description }) }
}
