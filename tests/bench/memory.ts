import { readdir, readFile } from 'node:fs/promises'

/**
 * Memory of a process and all below it, in MB, shared pages counted once (PSS). Linux only; not a
 * number elsewhere.
 */
export async function memoryOf(pid: number): Promise<{ node: number; below: number }> {
  const parents = await parentsByPid().catch(() => new Map<number, number>())
  const isBelow = (one: number): boolean => {
    const parent = parents.get(one)
    return parent !== undefined && (parent === pid || isBelow(parent))
  }
  const below = await Promise.all([...parents.keys()].filter(isBelow).map(pssOf))
  return { node: await pssOf(pid), below: below.reduce((sum, mb) => sum + mb, 0) }
}

async function parentsByPid(): Promise<Map<number, number>> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const entries = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
      const [, parent = '0'] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return [pid, Number(parent)] as const
    }),
  )
  return new Map(entries)
}

async function pssOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
  const kilobytes = /^Pss:\s+(\d+) kB/m.exec(text)?.[1]
  return kilobytes === undefined ? 0 : Number(kilobytes) / 1024
}
