import { escapeHtml } from '../html.ts'
import { jsonOf, sentAs, waitOf, wordOf } from '../http/http-outcome.ts'
import { postMessageOf, shorten } from '../http/post-message.ts'
import { type Target, Unsendable, type Verdict } from '../http/target.ts'

/** A message of Telegram's has at most so many characters, once its entities are read. */
const LIMIT = 4096
const PACE = { limit: 1, windowMs: 1000 }

/** Telegram refuses a whole message for a button to a name without a dot, such as `localhost`. */
function isReachable({ url }: { readonly url: string }): boolean {
  return new URL(url).hostname.includes('.')
}

/** `telegram://<chat id or public name>`, as the bot of `TELEGRAM_BOT_TOKEN`. */
export function telegram(bot: { botToken: string | null; apiUrl: string | null }): Target {
  return {
    name: 'telegram',
    lost: 'uncertain',
    pace: PACE,
    compose({ host }, job) {
      if (bot.botToken === null) throw new Unsendable('TELEGRAM_BOT_TOKEN is not set')
      const { title, text, links, priority } = postMessageOf(job)
      const head = shorten(title, 256)
      const buttons = links
        .filter(isReachable)
        .map(({ label, url }) => [{ text: shorten(label, 64), url }])
      return {
        url: `${bot.apiUrl ?? 'https://api.telegram.org'}/bot${bot.botToken}/sendMessage`,
        body: JSON.stringify({
          chat_id: /^-?\d+$/.test(host) ? host : `@${host}`,
          text: `<b>${escapeHtml(head)}</b>\n\n${escapeHtml(shorten(text, LIMIT - 258))}`,
          parse_mode: 'HTML',
          link_preview_options: { is_disabled: true },
          disable_notification: priority === 'low',
          ...(buttons.length > 0 ? { reply_markup: { inline_keyboard: buttons } } : {}),
        }),
        isTrusted: true,
      }
    },
    read(answer): Verdict {
      const { result, description, parameters } = jsonOf(answer)
      const { message_id: id } = (result ?? {}) as { message_id?: unknown }
      if (answer.status < 300) return { outcome: sentAs(answer, id) }
      const word = wordOf(description)
      const { retry_after: seconds } = (parameters ?? {}) as { retry_after?: unknown }
      if (answer.status === 429 && typeof seconds === 'number') {
        const retryAfterMs = waitOf(seconds * 1000)
        return { outcome: { status: 'retry', reason: `answered 429: ${word}`, retryAfterMs } }
      }
      const isGone = /chat not found|chat was deleted|group chat was upgraded/i.test(word ?? '')
      return {
        outcome: null,
        word,
        isDead: answer.status === 403 || isGone,
        isLockedOut: answer.status === 401 || answer.status === 404,
      }
    },
  }
}
