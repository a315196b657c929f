import { type PostJob, type PostMessage, postMessageOf, shorten } from './http/post-message.ts'
import { type SlackVerb, slackChoice } from './slack-buttons.ts'

/** The limits of Block Kit, in characters. */
const TITLE = 150
const SECTION = 3000
const BUTTON = 75
const BUTTONS = 5
/** Where alerts are answered in place, each takes two. */
const ANSWER_BUTTONS = 10

interface Answering {
  /** Whether presses come back to us (`SLACK_SIGNING_SECRET`); else a button is a link. */
  readonly interactive?: boolean
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/** Text in which nothing means anything to Slack: `<!channel>` calls nobody. */
export function escapeSlack(text: string): string {
  return text.replace(/[&<>]/g, (character) => ENTITIES[character]!)
}

/** What is posted: what a notification class made for Slack, or the message in blocks. */
export function slackBody(job: PostJob, how: Answering = {}): object {
  if (job.slack === undefined) return slackMessage(postMessageOf(job), how)
  const { text, markdown, ...rest } = job.slack
  return { text: shortenEscaped(markdown ? text : escapeSlack(text), SECTION), ...rest }
}

/** A message in blocks, with the text that stands for it in previews. */
export function slackMessage(message: PostMessage, { interactive = false }: Answering = {}) {
  const { title, text, type, priority, createdAt } = message
  const buttons = interactive ? answerButtons(message) : linkButtons(message)
  const words = escapeSlack(`${title}: ${text}`)
  return {
    text: shortenEscaped(words, SECTION),
    blocks: [
      { type: 'header', text: plain(title, TITLE) },
      // Without `verbatim` Slack would make mentions and channels of plain words.
      ...(text.trim() === '' ? [] : [section(text)]),
      ...(buttons.length === 0 ? [] : [{ type: 'actions', elements: buttons }]),
      {
        type: 'context',
        elements: [plain(`${type} · ${priority} · ${createdAt}`, SECTION)],
      },
    ],
  }
}

function section(text: string) {
  const escaped = escapeSlack(text).replace(/https?:\/\/[^\s<>|]*[^\s<>|.,;:!?)\]}]/g, '<$&>')
  return {
    type: 'section',
    text: { type: 'mrkdwn', text: shortenEscaped(escaped, SECTION), verbatim: true },
  }
}

function linkButtons({ links }: PostMessage) {
  return links.slice(0, BUTTONS).map(button)
}

/** Alerts are answered in place; what only opens stays a link. */
function answerButtons({ links, userId }: PostMessage) {
  const buttons = links.flatMap((link, index): object[] => {
    const { alertId, label } = link
    if (alertId === undefined) return [button(link, index)]
    const answer = (verb: SlackVerb, text: string) => ({
      ...{ type: 'button', text: plain(text, BUTTON) },
      ...slackChoice({ verb, alertId, userId: userId ?? '' }, index),
    })
    return [
      { ...answer('acknowledge', label), style: 'primary' },
      answer('resolve', label.replace(/^Acknowledge/, 'Resolve')),
    ]
  })
  return buttons.slice(0, ANSWER_BUTTONS)
}

function button({ label, url }: PostMessage['links'][number], index: number) {
  return {
    type: 'button',
    text: plain(label, BUTTON),
    url,
    action_id: `link-${index}`,
    ...(index === 0 ? { style: 'primary' } : {}),
  }
}

function plain(text: string, limit: number) {
  const shown = text.trim() === '' ? ' ' : text
  return { type: 'plain_text', text: shortenEscaped(escapeSlack(shown), limit), emoji: true }
}

/** Cut at the limit, but never within an entity or a link. */
function shortenEscaped(text: string, limit: number): string {
  const cut = shorten(text, limit)
  return cut === text ? text : cut.replace(/(&[a-z]{0,3}|<[^>]*)…$/, '…')
}
