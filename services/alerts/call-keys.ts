import { BelfryError } from '../../src/index.ts'
import { mergeVoice, type PhoneContent } from '../channels/bundle.ts'
import { callScript, closingScript } from '../channels/voice-script.ts'
import type { DeliveryJob } from '../deliveries/delivery-job.ts'

interface Doing {
  readonly who: string | null
  readonly note: string | null
}

interface Parts {
  readonly queues: { delivery(id: string): Promise<DeliveryJob> }
  /** What keys do to an alert. */
  readonly alerts: {
    acknowledge(id: string, doing: Doing): Promise<unknown>
    resolve(id: string, doing: Doing): Promise<unknown>
    escalate(id: string, doing: Doing): Promise<unknown>
  }
}

type Verb = keyof Parts['alerts']

const VERBS: Readonly<Record<string, readonly [verb: Verb, words: string]>> = {
  '4': ['acknowledge', 'Acknowledged.'],
  '6': ['resolve', 'Resolved.'],
  '5': ['escalate', 'Escalated.'],
}

/** What a key does that somebody presses in a call: 4 acknowledges, 6 resolves, 5 escalates, * repeats. */
export class CallKeys {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** What is said next, as TwiML. `keysUrl` is where the next key is told. */
  async press(key: string, ids: readonly string[], keysUrl: string): Promise<string> {
    const jobs = await this.#jobs(ids)
    const [first, ...others] = jobs
    if (first === undefined) return closingScript('This message is not known any more.')
    const known = VERBS[key]
    const alerts = jobs.filter(({ alert_id }) => alert_id !== undefined)
    if (known === undefined || alerts.length === 0) {
      const { message } = mergeVoice([first, ...others]).job
      return callScript({ message, isAlert: alerts.length > 0, keysUrl })
    }
    const [verb, words] = known
    const problems = await Promise.all(alerts.map((job) => this.#act(verb, job)))
    return closingScript(problems.find((problem) => problem !== null) ?? words)
  }

  async #jobs(ids: readonly string[]): Promise<DeliveryJob<PhoneContent>[]> {
    const found = await Promise.all(
      ids.map((id) => this.#parts.queues.delivery(id).catch(() => null)),
    )
    const voice = found.filter((job) => job?.channel === 'voice')
    return voice as unknown as DeliveryJob<PhoneContent>[]
  }

  /** Answers with what went wrong, in words, or `null`. */
  async #act(verb: Verb, { alert_id, user_id }: DeliveryJob<PhoneContent>): Promise<string | null> {
    try {
      await this.#parts.alerts[verb](alert_id ?? '', { who: user_id, note: 'by telephone' })
      return null
    } catch (error) {
      if (error instanceof BelfryError && !error.retryable) return error.message
      throw error
    }
  }
}
