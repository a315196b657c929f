import { randomUUID } from 'node:crypto'
import type { Bus } from '../../store/bus.ts'
import type { Clock } from '../../support/clock.ts'
import type { Logger } from '../../support/logger.ts'
import type { ClientInfo } from '../client-info.ts'
import type { FleetNodes } from './fleet-nodes.ts'

/** After this a process that does not answer is taken to have nothing to say. */
const PATIENCE_MS = 1000
const QUESTIONS = 'gateway:questions'
const answersTo = (asker: string) => `gateway:answers:${asker}`

/** How many clients are on channels whose names begin so. */
export interface ChannelQuestion {
  readonly about: 'channels'
  readonly scope: string
  readonly prefix: string
  /** Only the channel of exactly this name. */
  readonly exact: boolean
}

/** Which clients there are: those of this id or of this user only, where given. */
export interface ClientQuestion {
  readonly about: 'clients'
  readonly scope: string
  readonly id: string | null
  readonly user: string | null
  /** The most that one process answers with. */
  readonly limit: number
}

export type ChannelCounts = Readonly<Record<string, number>>

/** What a process answers, by what it is asked about. */
interface Answers {
  readonly channels: ChannelCounts
  readonly clients: readonly ClientInfo[]
}

type Question = ChannelQuestion | ClientQuestion
type Asked = Question & { readonly ask: string; readonly asker: string }

interface Answer {
  readonly ask: string
  readonly node: string
  readonly answer: unknown
}

interface Pending {
  readonly missing: Set<string>
  readonly answers: unknown[]
  readonly done: () => void
}

interface Parts {
  readonly bus: Bus
  readonly nodes: FleetNodes
  readonly clock: Clock
  readonly log: Logger
}

/** Asks all gateways what only they know of their clients. */
export class FleetQuestions {
  readonly #parts: Parts
  readonly #asker = randomUUID()
  readonly #pending = new Map<string, Pending>()
  #listening: Promise<() => Promise<void>> | null = null

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Channels with clients, and how many those are. Rejects with `Unavailable`. */
  async countChannels(question: Omit<ChannelQuestion, 'about'>): Promise<Map<string, number>> {
    const counts = new Map<string, number>()
    for (const answer of await this.#ask<'channels'>({ ...question, about: 'channels' })) {
      for (const [channel, count] of Object.entries(answer)) {
        counts.set(channel, (counts.get(channel) ?? 0) + count)
      }
    }
    return counts
  }

  /** Connected clients of all processes. Rejects with `Unavailable`. */
  async clients(question: Omit<ClientQuestion, 'about'>): Promise<ClientInfo[]> {
    return (await this.#ask<'clients'>({ ...question, about: 'clients' })).flat()
  }

  async stop(): Promise<void> {
    await (await this.#listening)?.()
  }

  async #ask<About extends keyof Answers>(
    question: Question & { readonly about: About },
  ): Promise<Answers[About][]> {
    const { bus, nodes, clock } = this.#parts
    const { alive } = await nodes.look()
    if (alive.length === 0) return []
    this.#listening ??= bus.subscribe(answersTo(this.#asker), (text) => this.#onAnswer(text))
    await this.#listening
    const ask = randomUUID()
    const { promise, resolve } = Promise.withResolvers<void>()
    const answers: Answers[About][] = []
    this.#pending.set(ask, { missing: new Set(alive), answers, done: resolve })
    const cancel = clock.after(PATIENCE_MS, resolve)
    try {
      await bus.publish(QUESTIONS, JSON.stringify({ ...question, ask, asker: this.#asker }))
      await promise
    } finally {
      cancel()
      this.#pending.delete(ask)
    }
    return answers
  }

  #onAnswer(text: string): void {
    const { ask, node, answer } = JSON.parse(text) as Answer
    const pending = this.#pending.get(ask)
    if (!pending?.missing.delete(node)) return
    pending.answers.push(answer)
    if (pending.missing.size === 0) pending.done()
  }
}

/** How a process answers. */
export type Answering = {
  readonly [About in keyof Answers]: (question: Question & { about: About }) => Answers[About]
}

/** Answers what `FleetQuestions` ask. Returns the way to stop. */
export function answerQuestions(parts: {
  readonly node: string
  readonly bus: Bus
  readonly answering: Answering
  readonly log: Logger
}): Promise<() => Promise<void>> {
  const { node, bus, answering, log } = parts
  return bus.subscribe(QUESTIONS, (text) => {
    const question = JSON.parse(text) as Asked
    const made =
      question.about === 'clients' ? answering.clients(question) : answering.channels(question)
    const answer: Answer = { ask: question.ask, node, answer: made }
    bus.publish(answersTo(question.asker), JSON.stringify(answer)).catch((error: unknown) => {
      log.debug({ err: error }, 'a question was not answered')
    })
  })
}
