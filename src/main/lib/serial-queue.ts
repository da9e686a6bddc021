/** Runs tasks one after the other, in the order given. A failing task does not stop the next. */
export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve()
  #pending = 0

  /** Tasks waiting or running. */
  get pending(): number {
    return this.#pending
  }

  run<T>(task: () => Promise<T>): Promise<T> {
    this.#pending += 1
    const result = this.#tail.then(task)
    const settle = (): void => {
      this.#pending -= 1
    }
    this.#tail = result.then(settle, settle)
    return result
  }
}
