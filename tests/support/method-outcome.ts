/** How often something went over the wire since the preparations were over. */
export interface Wire {
  sent: number
}

/** What became of a call, in the words of `docs/conformance.md`. @throws what no server said */
export async function outcomeOf(wire: Wire, call: () => unknown): Promise<string> {
  wire.sent = 0
  const answer = await call()
  const error = errorIn(answer)
  if (error === null) return wire.sent === 0 ? 'local: no request' : 'works'
  const { status, code } = error as { status?: number; code?: string }
  if (code === undefined || code === '' || wire.sent === 0) throw error as Error
  const { status: answered = status } = answer as { status?: number }
  return `refused: ${String(answered)} ${code}`
}

function errorIn(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null || !('error' in answer)) return null
  return answer.error
}
