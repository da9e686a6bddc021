/**
 * What a `Response` is to the console: head, and a body to be read as bytes. A real one costs more
 * than all that a history does with it.
 */
export function memoryAnswer(
  status: number,
  text: string,
  head: Readonly<Record<string, string>> = {},
): Response {
  const headers = { 'content-type': 'application/json', ...head }
  const bytes = new TextEncoder().encode(text)
  const body = {
    async *[Symbol.asyncIterator]() {
      yield bytes
    },
    cancel: () => Promise.resolve(),
  }
  return {
    status,
    ok: status >= 200 && status < 300,
    headers: { get: (name: string) => new Map(Object.entries(headers)).get(name) ?? null },
    body,
    bodyUsed: false,
  } as unknown as Response
}
