/**
 * Lets what was begun together end in the order in which it began: messages of
 * one publisher are handled side by side and acknowledged in turn [MQTT-4.6.0-2].
 */
export class ArrivalOrder {
  readonly #line: { settle: (() => void) | null }[] = []

  /** Takes a place; the answer is called with what to do when that place's turn has come. */
  enter(): (settle: () => void) => void {
    const place: { settle: (() => void) | null } = { settle: null }
    this.#line.push(place)
    return (settle) => {
      place.settle = settle
      while (this.#line[0]?.settle) this.#line.shift()!.settle!()
    }
  }
}
