import type { GuardedSender } from '../../services/channels/http/guarded-sender.ts'
import { SLACK_HOSTS } from '../../services/channels/slack.ts'
import type { SlackUpdate } from '../../services/hooks/slack-answers.ts'
import type { Logger } from '../support/logger.ts'

interface Parts {
  readonly sender: Pick<GuardedSender, 'post'>
  /** `SLACK_API_URL`; `null`: Slack's own. */
  readonly apiUrl: string | null
  readonly log: Logger
}

const PATIENCE_MS = 10_000

/**
 * Puts changed messages in the place of old ones, at Slack's own host or the one
 * that the operator named. What was chosen is stored before: a message that keeps
 * its buttons for want of an answer is only noted.
 */
export function slackUpdates({ sender, apiUrl, log }: Parts) {
  const own = apiUrl === null ? null : new URL(apiUrl).origin
  return (responseUrl: string, message: SlackUpdate): void => {
    const isTrusted = own !== null && URL.parse(responseUrl)?.origin === own
    const request = { url: responseUrl, body: JSON.stringify(message) }
    const where = isTrusted ? { isTrusted } : { pinnedTo: SLACK_HOSTS }
    void sender.post({ ...request, ...where }, AbortSignal.timeout(PATIENCE_MS)).then((result) => {
      if (result.kind === 'answered' && result.status < 300) return
      const reason = result.kind === 'answered' ? `answered ${result.status}` : result.reason
      log.warn({ reason }, 'a message in Slack keeps its old buttons')
    })
  }
}
