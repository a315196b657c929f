import type { Publisher } from '../mqtt/message.ts'
import { Unavailable } from '../support/errors.ts'

/** A publisher for services that are made before the broker runs. */
export class LatePublisher implements Publisher {
  #target: Publisher | null = null

  use(target: Publisher): void {
    this.#target = target
  }

  publish: Publisher['publish'] = (topic, payload, options) => {
    if (this.#target === null) return Promise.reject(new Unavailable('The broker is not up yet.'))
    return this.#target.publish(topic, payload, options)
  }
}
