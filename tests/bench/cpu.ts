import { jobs, receive } from './pipeline-run.ts'
import type { How, Taken } from './pipeline-run.ts'

const rates = [100, 2_500]
const pacedMs = 10_000

/** What the main process takes of a core at a steady pace; whoever sends is another process. */
export async function benchCpu(): Promise<string[]> {
  const lines: string[] = []
  for (const rate of rates) {
    const order = { frames: (rate * pacedMs) / 1_000, perSecond: rate }
    const take = async (how: How): Promise<string> => share(await receive('progress', how, order))
    const whole = await take('console')
    const pace = `${rate.toLocaleString('en')} events/s over ${jobs} sockets`.padEnd(32)
    lines.push(`${pace} ${whole} of a core (ws and JSON.parse alone ${await take('bare')})`)
  }
  return lines
}

const share = ({ cpuMs, wallMs }: Taken): string => `${((100 * cpuMs) / wallMs).toFixed(1)} %`
