import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** A place where no secret may be, and what stands there. */
export interface Haystack {
  readonly place: string
  readonly content: Buffer | string
}

/** One hit: where, and in which spelling; never the secret itself. */
export interface Finding {
  readonly place: string
  readonly spelling: 'plain' | 'base64' | 'percent' | 'reversed' | 'utf-16'
}

/** Base64 of a text inside a longer one differs by its offset: all three, without the border. */
function base64Spellings(secret: string): string[] {
  return [0, 1, 2].map((offset) => {
    const encoded = Buffer.from(' '.repeat(offset) + secret).toString('base64')
    return encoded.slice(offset === 0 ? 0 : 4, -4)
  })
}

function spellings(secret: string): [Finding['spelling'], Buffer][] {
  const percent = [...Buffer.from(secret)]
    .map((byte) => `%${byte.toString(16).padStart(2, '0')}`)
    .join('')
  return [
    ['plain', Buffer.from(secret)],
    ['utf-16', Buffer.from(secret, 'utf16le')],
    ['reversed', Buffer.from(secret).reverse()],
    ['percent', Buffer.from(percent)],
    ...base64Spellings(secret).map((text): [Finding['spelling'], Buffer] => [
      'base64',
      Buffer.from(text),
    ]),
  ]
}

/** V8 cuts a string of a heap snapshot after 1,024 characters, which a token may be longer than. */
const enoughOfPayload = 96

/** A JWT also by its signature alone and by how its payload begins: a token cut in pieces is found. */
function piecesOf(secret: string): string[] {
  const [, payload, signature] = secret.split('.')
  if (payload === undefined || signature === undefined) return [secret]
  return [secret, signature, payload.slice(0, enoughOfPayload)]
}

/** Looks for every secret in every place. */
export function findSecrets(secrets: readonly string[], haystacks: readonly Haystack[]): Finding[] {
  const needles = [...new Set(secrets.flatMap(piecesOf))]
  const findings: Finding[] = []
  for (const { place, content } of haystacks) {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    for (const [spelling, needle] of needles.flatMap(spellings)) {
      if (bytes.includes(needle)) findings.push({ place, spelling })
    }
  }
  return findings
}

/** Every file below a folder, but sockets and what vanishes while it is read. */
export function filesBelow(
  folder: string,
  skip: (path: string) => boolean = () => false,
): Haystack[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !skip(path))
    .flatMap((path) => {
      try {
        return [{ place: `file ${path.slice(folder.length)}`, content: readFileSync(path) }]
      } catch {
        return []
      }
    })
}

/** argv and environment of a process and everything below it (Linux: from /proc). */
export function processesBelow(rootPid: number): Haystack[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const stat = readProc(Number(name), 'stat').toString('latin1')
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
  }
  const tree = [rootPid]
  for (const pid of tree) {
    for (const [child, parent] of parents) if (parent === pid) tree.push(child)
  }
  return tree.flatMap((pid) => [
    { place: `argv of ${pid === rootPid ? 'main' : 'a child'}`, content: readProc(pid, 'cmdline') },
    {
      place: `environment of ${pid === rootPid ? 'main' : 'a child'}`,
      content: readProc(pid, 'environ'),
    },
  ])
}

function readProc(pid: number, file: string): Buffer {
  try {
    return readFileSync(`/proc/${pid}/${file}`)
  } catch {
    return Buffer.alloc(0)
  }
}
