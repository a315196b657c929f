import type { Logger } from '../../support/logger.ts'
import type { Broadcaster, BroadcastMessage } from '../broadcaster.ts'

/**
 * Writes every broadcast into the log, as Laravel's driver of that name does:
 * to see during development what would go where.
 */
export class LogBroadcaster implements Broadcaster {
  readonly name = 'log'
  readonly #log: Logger

  constructor({ log }: { readonly log: Logger }) {
    this.#log = log
  }

  async broadcast({ channels, event, data, except }: BroadcastMessage): Promise<void> {
    const pretty = JSON.stringify(JSON.parse(data), null, 4)
    const line = `Broadcasting [${event}] on channels [${channels.join(', ')}] with payload:\n${pretty}`
    this.#log.info({ broadcasted: event, channels, ...(except && { except }) }, line)
  }
}
