import { asBelfryError, BelfryError, NotFound } from '../../src/index.ts'
import { alertsIn, mergeVoice, type PhoneContent } from '../channels/bundle.ts'
import { callScript, closingScript } from '../channels/voice-script.ts'
import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import type { AlertActions } from './alert-actions.ts'

interface Parts {
  readonly queues: { delivery(id: string): Promise<DeliveryJob> }
  /** What keys do to an alert. */
  readonly alerts: Pick<AlertActions, Verb>
}

/** A key that somebody pressed. */
export interface Pressed {
  readonly key: string
  /** Twilio's own name for the call: a key that we are told of again is pressed once. */
  readonly call: string | null
}

type Verb = 'acknowledge' | 'resolve' | 'escalate'

const NOT_NOW = 'That could not be done at this moment. Press the key again.'

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
  async press(pressed: Pressed, ids: readonly string[], keysUrl: string): Promise<string> {
    try {
      return await this.#answer(pressed, ids, keysUrl)
    } catch (error) {
      // Nobody tries again but the person, who must know.
      if (!asBelfryError(error).retryable) throw error
      return callScript({ message: NOT_NOW, isAlert: true, keysUrl })
    }
  }

  async #answer(pressed: Pressed, ids: readonly string[], keysUrl: string): Promise<string> {
    const jobs = await this.#jobs(ids)
    const [first, ...others] = jobs
    if (first === undefined) return closingScript('This message is not known any more.')
    const known = VERBS[pressed.key]
    const alerts = jobs.filter(({ alert_id }) => alert_id !== undefined)
    if (known === undefined || alerts.length === 0) {
      const { message } = mergeVoice([first, ...others]).job
      return callScript({ message, isAlert: alerts.length > 0, keysUrl })
    }
    const [verb, words] = known
    const acts = alerts.flatMap(({ user_id: who, ...job }) =>
      alertsIn(job).map((id) => this.#act(verb, { id, who }, pressed)),
    )
    const problems = await Promise.all(acts)
    return closingScript(problems.find((problem) => problem !== null) ?? words)
  }

  async #jobs(ids: readonly string[]): Promise<DeliveryJob<PhoneContent>[]> {
    const found = await Promise.all(
      ids.map((id) => this.#parts.queues.delivery(id).catch(nullIfGone)),
    )
    const voice = found.filter((job) => job?.channel === 'voice')
    return voice as unknown as DeliveryJob<PhoneContent>[]
  }

  /** Answers with what went wrong, in words, or `null`. */
  async #act(
    verb: Verb,
    { id, who }: { readonly id: string; readonly who: string | null },
    { call, key }: Pressed,
  ): Promise<string | null> {
    const once = call === null ? {} : { once: `call ${call} ${key} ${id}` }
    try {
      await this.#parts.alerts[verb](id, { who, note: 'by telephone', ...once })
      return null
    } catch (error) {
      if (error instanceof BelfryError && !error.retryable) return error.message
      throw error
    }
  }
}

function nullIfGone(error: unknown): null {
  if (error instanceof NotFound) return null
  throw error
}
