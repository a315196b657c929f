import {
  type Mail,
  mail,
  Notification,
  type NotificationRecipient,
  type PushMessage,
  type SmsMessage,
} from '../src/index.ts'

/** What is advertised. */
export interface Campaign {
  readonly name: string
  readonly text: string
  readonly url: string
  readonly isUrgent: boolean
}

/** Somebody who may be sent advertisements. */
export interface Prospect extends NotificationRecipient {
  readonly marketingEmailsEnabled?: boolean
  readonly phone?: string | null
  readonly deviceTokens?: readonly string[]
}

/** An advertisement, only to those who want it; by phone where it cannot wait. */
export class MarketingCampaignNotification extends Notification<Prospect> {
  override category = 'marketing'
  override priority = 'low' as const
  readonly campaign: Campaign

  constructor(campaign: Campaign) {
    super()
    this.campaign = campaign
  }

  via({ marketingEmailsEnabled = false }: Prospect) {
    if (!marketingEmailsEnabled) return []
    return this.campaign.isUrgent ? ['mail', 'push', 'sms'] : ['mail']
  }

  override shouldSend({ phone, deviceTokens = [] }: Prospect, channel: string) {
    if (channel === 'sms') return Boolean(phone)
    return channel !== 'push' || deviceTokens.length > 0
  }

  override toMail(): Mail {
    const { name, text, url } = this.campaign
    return mail(name).line(text).action('Have a look', url)
  }

  override toPush(): PushMessage {
    return { title: this.campaign.name, body: this.campaign.text, clickAction: this.campaign.url }
  }

  override toSms(): SmsMessage {
    return { content: `${this.campaign.name}: ${this.campaign.url}` }
  }
}
