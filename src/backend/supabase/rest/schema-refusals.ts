import { describe, type Relationship } from './relationships.ts'
import { RestError } from './rest-error.ts'
import { exposedSchema, type Routine, type Schema } from './schema.ts'
import { similarName } from './similar-name.ts'

/** Codes of what a schema read again might know. */
const unknowns = ['PGRST200', 'PGRST202', 'PGRST204', 'PGRST205']

export function mayBeNew(error: unknown): boolean {
  return error instanceof RestError && unknowns.includes(error.body.code)
}

export function tableUnknown(name: string, { tables }: Schema): RestError {
  const meant = similarName(name, tables.keys())
  return new RestError(404, {
    code: 'PGRST205',
    message: `Could not find the table '${exposedSchema}.${name}' in the schema cache`,
    hint: meant === null ? null : `Perhaps you meant the table '${exposedSchema}.${meant}'`,
  })
}

export function columnUnknown(table: string, column: string): RestError {
  return new RestError(400, {
    code: 'PGRST204',
    message: `Could not find the '${column}' column of '${table}' in the schema cache`,
  })
}

export interface Sought {
  readonly parent: string
  readonly child: string
  readonly hint: string | null
}

export function relationshipUnknown({ parent, child, hint }: Sought, schema: Schema): RestError {
  const reachable = (schema.relationships.get(parent) ?? []).map(({ to }) => to)
  const meant = reachable.includes(child) ? null : similarName(child, reachable)
  const using = hint === null ? "'" : `' using the hint '${hint}'`
  return new RestError(400, {
    code: 'PGRST200',
    message: `Could not find a relationship between '${parent}' and '${child}' in the schema cache`,
    details:
      `Searched for a foreign key relationship between '${parent}' and '${child}${using} ` +
      `in the schema '${exposedSchema}', but no matches were found.`,
    hint: meant === null ? null : `Perhaps you meant '${meant}' instead of '${child}'.`,
  })
}

export function relationshipAmbiguous(
  { parent, child }: Sought,
  found: readonly Relationship[],
): RestError {
  const hints = found.map(({ to, constraint }) => `'${to}!${constraint}'`).join(', ')
  return new RestError(300, {
    code: 'PGRST201',
    message:
      'Could not embed because more than one relationship was found for ' +
      `'${parent}' and '${child}'`,
    details: found.map(describe),
    hint:
      `Try changing '${child}' to one of the following: ${hints}. ` +
      "Find the desired relationship in the 'details' key.",
  })
}

export interface SoughtRoutine {
  readonly name: string
  readonly args: readonly string[]
  /** The type of a body that may be the one unnamed argument, if there is one. */
  readonly body: 'json' | 'text' | null
}

export function routineUnknown({ name, args, body }: SoughtRoutine, schema: Schema): RestError {
  const full = `${exposedSchema}.${name}`
  const list = args.join(', ')
  const without = args.length === 0
  const searched = without
    ? ' without parameters'
    : ` with parameter${args.length > 1 ? 's' : ''} ${list}`
  const unnamed = {
    json: `${searched} or with a single unnamed json/jsonb parameter`,
    text: ' with a single unnamed text parameter',
    none: searched,
  }[body ?? 'none']
  const called = body === 'text' ? '' : without ? ' without parameters' : `(${list})`
  return new RestError(404, {
    code: 'PGRST202',
    message: `Could not find the function ${full}${called} in the schema cache`,
    details: `Searched for the function ${full}${unnamed}, but no matches were found in the schema cache.`,
    hint: body === 'text' ? null : hintOf(name, args, schema),
  })
}

function hintOf(name: string, args: readonly string[], { routines }: Schema): string | null {
  const signature = (names: readonly string[]): string => `(${names.toSorted().join(', ')})`
  const same = routines.get(name)
  const meant =
    same === undefined
      ? similarName(name, routines.keys())
      : similarName(
          signature(args),
          same.map((one) => signature(one.args.map((arg) => arg.name))),
        )
  if (meant === null) return null
  const called = same === undefined ? meant : name + meant
  return `Perhaps you meant to call the function ${exposedSchema}.${called}`
}

export function routineAmbiguous(found: readonly Routine[]): RestError {
  const signatures = found.map(({ schema, name, args }) => {
    const list = args.map((arg) => `${arg.name} => ${arg.type}`)
    return `${schema}.${name}(${list.join(', ')})`
  })
  return new RestError(300, {
    code: 'PGRST203',
    message: `Could not choose the best candidate function between: ${signatures.join(', ')}`,
    hint: 'Try renaming the parameters or the function itself in the database so function overloading can be resolved',
  })
}
