import type { Clock, Logger } from '../../src/index.ts'
import { type BreakerReport, CircuitBreaker } from './circuit-breaker.ts'

/** The breaker of one provider of one channel. */
export interface NamedBreaker extends BreakerReport {
  readonly channel: string
  readonly provider: string
}

interface Parts {
  readonly clock: Clock
  readonly log: Logger
}

/** The breakers of this process, so that somebody who looks sees them all. */
export class Breakers {
  readonly #parts: Parts
  readonly #all: { channel: string; provider: string; breaker: CircuitBreaker }[] = []

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** A breaker for a provider of a channel. */
  add(channel: string, provider: string): CircuitBreaker {
    const { clock, log } = this.#parts
    const breaker = new CircuitBreaker({
      clock,
      onOpen: (reason) => {
        log.warn({ channel, provider, reason }, 'a provider is left alone for 30 s')
      },
    })
    this.#all.push({ channel, provider, breaker })
    return breaker
  }

  list(): NamedBreaker[] {
    return this.#all.map(({ channel, provider, breaker }) => ({
      ...{ channel, provider },
      ...breaker.report,
    }))
  }
}
