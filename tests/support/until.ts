/** Mutation testing, where what is waited for often never comes, says that it is in a hurry. */
const patienceMs = Number(process.env.UNTIL_MS ?? 20_000)

/** Waits until the world has come to it, one turn of the event loop at a time; fails after 20 s. */
export async function until(what: string, check: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + patienceMs
  while (!check()) {
    if (performance.now() > giveUpAt) throw new Error(`waited in vain until ${what}`)
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

/** The same for what has to be asked for, such as a row in the database. */
export async function untilAsked(
  what: string,
  ask: () => Promise<boolean>,
  withinMs = 60_000,
): Promise<void> {
  const giveUpAt = performance.now() + withinMs
  while (!(await ask())) {
    if (performance.now() > giveUpAt) throw new Error(`waited in vain until ${what}`)
    await new Promise<void>((resolve) => setTimeout(resolve, 20))
  }
}
