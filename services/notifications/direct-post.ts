import type { PostContent } from '../channels/http/post-message.ts'
import { type Message, makeRecord } from './notification-record.ts'

/** Somebody who is known by an address alone. */
export type DirectAddress = { readonly email: string } | { readonly phone: string } | PostAddress

export type PostAddress =
  | { readonly slack_webhook_url: string }
  | { readonly discord_webhook_url: string }
  | { readonly webhook_url: string }

/** A URL, and the channel that posts to it. */
export interface DirectPost {
  readonly channel: 'slack' | 'discord' | 'webhook'
  readonly url: string
}

export function directPostOf(to: PostAddress): DirectPost {
  if ('slack_webhook_url' in to) return { channel: 'slack', url: to.slack_webhook_url }
  if ('discord_webhook_url' in to) return { channel: 'discord', url: to.discord_webhook_url }
  return { channel: 'webhook', url: to.webhook_url }
}

/** What the job of such a post holds of a message. */
export function directPostContent(
  { channel, url }: DirectPost,
  about: { readonly id: string; readonly message: Message; readonly now: number },
): PostContent {
  const choice = { channels: [channel], skipped: {} }
  const notification = makeRecord({ ...about, userId: '', choice, origin: {} })
  const { title, message, type, data } = notification
  return { url, title, message, type, data, ...about.message.texts[channel], notification }
}
