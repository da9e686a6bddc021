import type { JsonBody } from './body.ts'
import { columnType } from './condition-sql.ts'
import { routineAmbiguous, routineUnknown, type SoughtRoutine } from './schema-refusals.ts'
import type { Argument, Routine, Schema } from './schema.ts'
import {
  arrayLiteral,
  identifier,
  joined,
  nothing,
  param,
  qualified,
  sql,
  type Sql,
} from './sql.ts'

/** A routine and how its arguments are given. */
export interface Call {
  readonly routine: Routine
  /** True when the whole body is its one unnamed argument. */
  readonly unnamed: boolean
}

/** The overload that has these arguments. @throws RestError PGRST202, PGRST203 */
export function findRoutine(sought: SoughtRoutine, schema: Schema): Call {
  const overloads = schema.routines.get(sought.name) ?? []
  const named = sought.body === 'text' ? [] : overloads.filter((one) => fits(one, sought.args))
  const unnamed = overloads.filter((one) => takesBody(one, sought.body))
  const found = named.length > 0 ? named : unnamed
  const [routine, ...others] = found
  if (routine === undefined) throw routineUnknown(sought, schema)
  if (others.length > 0) throw routineAmbiguous(found)
  return { routine, unnamed: named.length === 0 }
}

function fits({ args }: Routine, given: readonly string[]): boolean {
  const names = new Set(given)
  if (args.some(({ name }) => name === '')) return false
  const required = args.filter(({ optional, variadic }) => !optional && !variadic)
  const known = new Set(args.map(({ name }) => name))
  return required.every(({ name }) => names.has(name)) && given.every((name) => known.has(name))
}

function takesBody({ args }: Routine, body: SoughtRoutine['body']): boolean {
  const [only, ...others] = args
  if (only?.name !== '' || others.length > 0 || body === null) return false
  return body === 'text' ? only.type === 'text' : ['json', 'jsonb'].includes(only.type)
}

/** Arguments of an address: texts, a variadic one may be said more than once. */
export function callByText({ routine }: Call, given: readonly (readonly [string, string])[]): Sql {
  const args = routine.args.flatMap((arg) => {
    const values = given.filter(([name]) => name === arg.name).map(([, value]) => value)
    const last = values.at(-1)
    if (last === undefined) return []
    const text = arg.variadic ? arrayLiteral(values) : last
    return [argumentSql(arg, sql`${param(text)}::${columnType(arg.type)}`)]
  })
  return callSql(routine, args, nothing)
}

/** Arguments of a body: PostgreSQL reads the JSON as the types that they have. */
export function callByJson({ routine, unnamed }: Call, body: JsonBody): Sql {
  const [only] = routine.args
  if (unnamed && only !== undefined) {
    return callSql(routine, [sql`${param(body.text)}::${columnType(only.type)}`], nothing)
  }
  const used = routine.args.filter(({ name }) => body.keys.includes(name))
  if (used.length === 0) return callSql(routine, [], nothing)
  const shape = used.map(({ name, type }) => sql`${identifier(name)} ${columnType(type)}`)
  const from = sql`json_to_record(${param(body.text)}::json) as pgrst_args(${joined(shape, ', ')}), lateral `
  const args = used.map((arg) => argumentSql(arg, sql`pgrst_args.${identifier(arg.name)}`))
  return callSql(routine, args, from)
}

function argumentSql({ name, variadic }: Argument, value: Sql): Sql {
  return sql`${variadic ? sql`variadic ` : nothing}${identifier(name)} => ${value}`
}

/** A row a row of the result; what is no row stands in `pgrst_scalar`. */
function callSql(routine: Routine, args: readonly Sql[], before: Sql): Sql {
  const call = sql`${qualified(routine.schema, routine.name)}(${joined(args, ', ')})`
  if (routine.returns === 'composite') {
    return sql`select pgrst_call.* from ${before}${call} as pgrst_call`
  }
  return sql`select pgrst_call.pgrst_scalar from ${before}${call} as pgrst_call(pgrst_scalar)`
}
