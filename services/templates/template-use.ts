import type { ChannelName } from '../deliveries/channel-policy.ts'
import type { ChannelSwitches } from '../directory/preferences.ts'
import type { TemplateText } from './template-record.ts'

/** That a message takes its words from a template, and what it puts into them. */
export interface TemplateUse {
  /** Name or id. */
  readonly name: string
  readonly params: Readonly<Record<string, unknown>>
  /** Whether the message said its type itself; else the template says it. */
  readonly keepsType: boolean
  /** What is shown if the template is gone by the time it is rendered; set when accepted. */
  readonly displayName?: string
  /** What it is about, in words of preferences; set when accepted. */
  readonly eventType?: string
  /** Whether it reaches people whatever they prefer; set when rendered. */
  readonly isCritical?: boolean
  /** The template's category; set when rendered. */
  readonly category?: string | null
  /** The template's, for people who have not said theirs; set when rendered. */
  readonly preferences?: ChannelSwitches
  /** Which variant of it its user has; set when rendered. */
  readonly variant?: string
}

/** The words of a message where a channel has its own. */
export type ChannelTexts = Readonly<Partial<Record<ChannelName, TemplateText>>>
