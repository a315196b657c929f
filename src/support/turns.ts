/** Work on one thing at a time, in the order in which it was asked for; other things go on beside it. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Runs `work` once everything asked for before under the same key has ended, well or not. */
  run<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(key)
    const turn = before === undefined ? work() : before.then(work, work)
    this.#last.set(key, turn)
    const leave = () => {
      if (this.#last.get(key) === turn) this.#last.delete(key)
    }
    turn.then(leave, leave)
    return turn
  }
}
