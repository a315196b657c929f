import { randomUUID } from 'node:crypto'
import type { Bus } from '../../store/bus.ts'
import type { Clock } from '../../support/clock.ts'
import type { Logger } from '../../support/logger.ts'
import type { FleetNodes } from './fleet-nodes.ts'

/** After this a process that does not answer is taken to have nothing to say. */
const PATIENCE_MS = 1000
const QUESTIONS = 'gateway:questions'
const answersTo = (asker: string) => `gateway:answers:${asker}`

/** How many clients are on channels whose names begin so. */
export interface ChannelQuestion {
  readonly scope: string
  readonly prefix: string
  /** Only the channel of exactly this name. */
  readonly exact: boolean
}

export type ChannelCounts = Readonly<Record<string, number>>

interface Question extends ChannelQuestion {
  readonly id: string
  readonly asker: string
}

interface Answer {
  readonly id: string
  readonly node: string
  readonly counts: ChannelCounts
}

interface Asked {
  readonly missing: Set<string>
  readonly counts: Map<string, number>
  readonly done: () => void
}

interface Parts {
  readonly bus: Bus
  readonly nodes: FleetNodes
  readonly clock: Clock
  readonly log: Logger
}

/** Asks all gateways how many clients they have where, and adds up. */
export class FleetQuestions {
  readonly #parts: Parts
  readonly #asker = randomUUID()
  readonly #asked = new Map<string, Asked>()
  #listening: Promise<() => Promise<void>> | null = null

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Channels with clients, and how many those are. Rejects with `Unavailable`. */
  async ask(question: ChannelQuestion): Promise<Map<string, number>> {
    const { bus, nodes, clock } = this.#parts
    const { alive } = await nodes.look()
    const counts = new Map<string, number>()
    if (alive.length === 0) return counts
    this.#listening ??= bus.subscribe(answersTo(this.#asker), (text) => this.#onAnswer(text))
    await this.#listening
    const id = randomUUID()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#asked.set(id, { missing: new Set(alive), counts, done: resolve })
    const cancel = clock.after(PATIENCE_MS, resolve)
    try {
      await bus.publish(QUESTIONS, JSON.stringify({ ...question, id, asker: this.#asker }))
      await promise
    } finally {
      cancel()
      this.#asked.delete(id)
    }
    return counts
  }

  async stop(): Promise<void> {
    await (await this.#listening)?.()
  }

  #onAnswer(text: string): void {
    const { id, node, counts } = JSON.parse(text) as Answer
    const asked = this.#asked.get(id)
    if (!asked?.missing.delete(node)) return
    for (const [channel, count] of Object.entries(counts)) {
      asked.counts.set(channel, (asked.counts.get(channel) ?? 0) + count)
    }
    if (asked.missing.size === 0) asked.done()
  }
}

/** Answers what `FleetQuestions` ask. Returns the way to stop. */
export function answerQuestions(parts: {
  readonly node: string
  readonly bus: Bus
  readonly count: (question: ChannelQuestion) => ChannelCounts
  readonly log: Logger
}): Promise<() => Promise<void>> {
  const { node, bus, count, log } = parts
  return bus.subscribe(QUESTIONS, (text) => {
    const question = JSON.parse(text) as Question
    const answer: Answer = { id: question.id, node, counts: count(question) }
    bus.publish(answersTo(question.asker), JSON.stringify(answer)).catch((error: unknown) => {
      log.debug({ err: error }, 'a question was not answered')
    })
  })
}
