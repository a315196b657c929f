import { postMessageOf, shorten } from '../http/post-message.ts'
import type { Target } from '../http/target.ts'
import { asWebUrl } from './scheme-url.ts'

const COLOURS = {
  critical: 'Attention',
  high: 'Warning',
  normal: 'Accent',
  low: 'Default',
} as const
/** A card has at most 28 KB. */
const TEXT = 6000
const ACTIONS = 6

/** `teams://…`: the URL of a "when a webhook request is received" workflow, with another scheme. */
export const teams: Target = {
  name: 'teams',
  lost: 'uncertain',
  pace: { limit: 4, windowMs: 1000 },
  compose(address, job) {
    const { title, text, type, priority, links, createdAt } = postMessageOf(job)
    const block = (words: string, style: object) => ({
      ...{ type: 'TextBlock', text: words, wrap: true },
      ...style,
    })
    const content = {
      $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
      type: 'AdaptiveCard',
      version: '1.4',
      msteams: { width: 'Full' },
      body: [
        block(shorten(title, 256), { weight: 'Bolder', size: 'Medium', color: COLOURS[priority] }),
        block(shorten(text, TEXT), {}),
        block(`${type} · ${createdAt}`, { isSubtle: true, size: 'Small' }),
      ],
      actions: links
        .slice(0, ACTIONS)
        .map(({ label, url }) => ({ type: 'Action.OpenUrl', title: shorten(label, 64), url })),
    }
    const contentType = 'application/vnd.microsoft.card.adaptive'
    const attachments = [{ contentType, contentUrl: null, content }]
    return { url: asWebUrl(address), body: JSON.stringify({ type: 'message', attachments }) }
  },
  read: ({ status, body }) => ({
    outcome: null,
    word: /"code":\s*"(\w{1,80})"/.exec(body)?.[1] ?? null,
    isDead: [401, 403, 404, 410].includes(status) || body.includes('WorkflowTriggerIsNotEnabled'),
  }),
}
