import { readFileSync } from 'node:fs'

export interface MethodRow {
  readonly method: string
  readonly outcome: string
}

/** The rows of one section of `docs/conformance.md`. */
export function readMethodTable(section: string): readonly MethodRow[] {
  const page = readFileSync('docs/conformance.md', 'utf8')
  const text = page.split(/^## /m).find((one) => one.startsWith(`${section}\n`))
  if (text === undefined) throw new Error(`docs/conformance.md has no section ${section}`)
  return [...text.matchAll(/^\| `([^`]+)` +\| ([^|]+) \|/gm)].map(
    ([, method = '', outcome = '']) => ({
      method,
      outcome: outcome.trim(),
    }),
  )
}

/** Names that a library's types call private or protected; at run time nothing tells them apart. */
export function hiddenNames(
  typesFile: string,
  classNames?: readonly string[],
): ReadonlySet<string> {
  const classes = readFileSync(typesFile, 'utf8').split(
    /^(?:export )?(?:default )?declare (?:abstract )?class /m,
  )
  const isAsked = (text: string): boolean => {
    const name = /^\w+/.exec(text)?.[0] ?? ''
    return classNames?.includes(name) ?? true
  }
  const hidden = /^\s*(?:private|protected) (?:static |readonly |get |set )*(\w+)/gm
  const asked = classes.filter(isAsked)
  return new Set(asked.flatMap((text) => [...text.matchAll(hidden)].map(([, name = '']) => name)))
}

/** Every public method of an object, inherited ones included. */
export function methodsOf(object: object, hidden: ReadonlySet<string>): readonly string[] {
  const names = new Set<string>()
  for (let at = object; at !== Object.prototype; at = Object.getPrototypeOf(at) as object) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === 'function' && isPublic(name, hidden)) names.add(name)
    }
  }
  return [...names].sort()
}

/** The same for an object and all that it holds, as `mfa.enroll`. */
export function methodsWithin(root: object, hidden: ReadonlySet<string>): readonly string[] {
  const found: string[] = []
  const seen = new Set<object>()
  const visit = (object: object, prefix: string): void => {
    if (seen.has(object)) return
    seen.add(object)
    found.push(...methodsOf(object, hidden).map((name) => prefix + name))
    for (const [name, value] of Object.entries(object) as [string, unknown][]) {
      if (typeof value === 'object' && value !== null && isPublic(name, hidden)) {
        visit(value, `${prefix}${name}.`)
      }
    }
  }
  visit(root, '')
  return found.sort()
}

function isPublic(name: string, hidden: ReadonlySet<string>): boolean {
  return name !== 'constructor' && !name.startsWith('_') && !hidden.has(name)
}

/** A class and those that it is made of. */
export function classNamesOf(object: object): readonly string[] {
  const names: string[] = []
  for (let at = object; at !== Object.prototype; at = Object.getPrototypeOf(at) as object) {
    names.push(at.constructor.name)
  }
  return names
}
