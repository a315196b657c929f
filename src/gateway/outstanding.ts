import type { Outbound } from './outbound.ts'

const AGAIN_AFTER_MS = 30_000
const MOST_SENDINGS = 6
/** As many as a session queue keeps. */
const LIMIT = 1000

interface Sent {
  readonly seq: number
  readonly id: string | null
  sentAt: number
  times: number
}

/** What one client was sent and has not acknowledged, oldest first. */
export class Outstanding {
  #sent: Sent[] = []
  /** What was sent before the last ping: its pong proves that it arrived up to here. */
  provable = 0

  add(seq: number, { id }: Outbound, now: number): void {
    this.#sent.push({ seq, id, sentAt: now, times: 1 })
    if (this.#sent.length > LIMIT) this.#sent.shift()
  }

  has(seq: number): boolean {
    return this.#sent.some((each) => each.seq === seq)
  }

  hasUpTo(seq: number): boolean {
    const [oldest] = this.#sent
    return oldest !== undefined && oldest.seq <= seq
  }

  /** Answers with the records that were in them. */
  dropUpTo(seq: number): string[] {
    if (!this.hasUpTo(seq)) return []
    const dropped = this.#sent.filter((each) => each.seq <= seq)
    this.#sent = this.#sent.filter((each) => each.seq > seq)
    return dropped.flatMap(({ id }) => id ?? [])
  }

  forget(seq: number): void {
    this.#sent = this.#sent.filter((each) => each.seq !== seq)
  }

  /**
   * Drops all messages of one record. `isOldest`: nothing older than the newest
   * of them, which has number `seq`, is left.
   */
  drop(id: string): { seq: number; isOldest: boolean } {
    const seq = this.#sent.findLast((each) => each.id === id)?.seq ?? 0
    this.#sent = this.#sent.filter((each) => each.id !== id)
    return { seq, isOldest: seq > 0 && !this.hasUpTo(seq) }
  }

  /** Those to be sent again now, counted as sent. After the fifth time they wait for a resume. */
  takeDue(now: number): Set<number> {
    const due = new Set<number>()
    for (const each of this.#sent) {
      if (each.sentAt + AGAIN_AFTER_MS > now || each.times >= MOST_SENDINGS) continue
      each.times += 1
      each.sentAt = now
      due.add(each.seq)
    }
    return due
  }
}
