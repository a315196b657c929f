import { z } from 'zod'
import type { ChannelTexts } from '../services/templates/template-use.ts'

/** Channels that can say it in words of their own; the inbox and live sessions show the message. */
const SPOKEN = ['email', 'sms', 'voice', 'push', 'slack', 'discord', 'webhook'] as const
const MOST_HTML = 65_536

const words = { title: z.string().min(1).max(200), message: z.string().min(1).max(4000) }
const Text = z.strictObject(words).partial()
const Mail = Text.extend({ html: z.string().max(MOST_HTML).optional() })

/** `{sms: {message}, email: {title, message, html}}`: what is left out is said as everywhere. */
export function channelTexts() {
  return z
    .strictObject({
      ...Object.fromEntries(SPOKEN.map((channel) => [channel, Text.optional()])),
      email: Mail.optional(),
    })
    .transform((texts) => texts as ChannelTexts)
}
